// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

extension Settings {
    /// The files looked for when none is named, in this order.
    package static let defaultFiles = ["haven.cfg", "/etc/haven/haven.cfg"]

    /// Finds and reads the settings of this process.
    ///
    /// The file is `named`, else `HAVEN_CONFIG`, else `./haven.cfg`, else `/etc/haven/haven.cfg`, else there is none.
    ///
    /// - Parameters:
    ///   - named: The file given with `--config`; it must exist.
    ///   - flags: Settings given as flags, by key.
    ///   - environment: The environment of the process.
    /// - Throws: All faults together, a file that cannot be read among them.
    package static func load(
        file named: String?, flags: [String: String], environment: [String: String]
    ) throws(SettingsError) -> Settings {
        var sources = SettingSources()
        sources.flags = flags
        sources.environment = environment
        if let path = named ?? environment["HAVEN_CONFIG"] ?? defaultFiles.first(where: { access($0, F_OK) == 0 }) {
            sources.filePath = path
            sources.file = ConfigFile(parsing: try bytes(of: path))
        }
        return try Settings(sources)
    }

    private static func bytes(of path: String) throws(SettingsError) -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            let reason = access(path, F_OK) == 0 ? "the file cannot be read" : "there is no such file"
            throw SettingsError(faults: [SettingFault(key: nil, source: nil, message: "\(path): \(reason)")])
        }
    }
}
