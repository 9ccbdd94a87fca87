// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
package import HavenServer

/// Takes an installation away. Data, settings and keys stay unless they are asked for.
package struct Removal: Sendable {
    private let places: InstallPlaces
    private let settings: Settings?
    private let machine: Machine
    private let purges: Bool

    /// What a node writes into its data folder, and nothing else: other things may lie there too.
    private static let dataNames = [
        "haven.db", "haven.db-wal", "haven.db-shm", "serve.lock", "spool", "registry", "secretkey",
    ]

    /// - Parameters:
    ///   - settings: The installed settings; nil when there are none, and then no data is found.
    ///   - purges: Whether data, settings and keys go too.
    package init(_ places: InstallPlaces, _ settings: Settings?, machine: Machine, purges: Bool) {
        self.places = places
        self.settings = settings
        self.machine = machine
        self.purges = purges
    }

    /// What will be removed, in order.
    package var paths: [String] {
        var paths = [places.unit, places.program]
        if purges {
            paths += [places.settings, places.settings + ".old"]
            if let settings {
                paths += Self.dataNames.map { "\(settings.data.folder)/\($0)" }
                paths.append("\(settings.data.secretKeyFolder)/secretkey")
            }
        }
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted && !SmallFile.isAbsent($0) }
    }

    /// Removes them.
    ///
    /// - Throws: ``InstallFault`` when a server still runs on the data, or something cannot be removed.
    package func run(_ tell: (String) -> Void) async throws {
        let paths = paths
        let isManaged = places.isSystemWide && machine.hasSystemd && paths.contains(places.unit)
        if isManaged { try await Command.run("systemctl", ["disable", "--now", SystemdUnit.name]) }
        if let settings, settings.isServed {
            throw InstallFault("a server runs on \(settings.data.folder); end it first")
        }
        // Held to the end, so that nobody serves what is being removed.
        let lock = try purges ? settings?.lockData() : nil
        for path in paths {
            tell("remove \(path)")
            do { try FileManager.default.removeItem(atPath: path) } catch {
                throw InstallFault("\(path) cannot be removed: \(error)")
            }
        }
        _ = consume lock
        for folder in [places.settingsFolder, settings?.data.folder].compactMap({ $0 }) { rmdir(folder) }
        if isManaged { try await Command.run("systemctl", ["daemon-reload"]) }
    }
}
