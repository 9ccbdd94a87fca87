// SPDX-License-Identifier: Apache-2.0

/// What an installation is asked to be.
package struct InstallOptions: Sendable {
    /// The unpacked folder: the program, its settings, and what a bundle brings along.
    package var source: String
    /// Where to put everything; `/usr/local` puts the program there and the rest where systemd looks for it.
    package var prefix: String
    /// One of several nodes on a shared database.
    package var isHighlyAvailable = false
    package var starts = true
    /// The program that is installed: the running one.
    package var program: String

    package init(source: String, prefix: String, program: String) {
        self.source = source
        self.prefix = prefix
        self.program = program
    }
}

/// Where the parts of an installation lie.
package struct InstallPlaces: Sendable, Hashable {
    package let prefix: String

    package init(prefix: String) {
        self.prefix = prefix.count > 1 && prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
    }

    /// Whether this is the machine's own installation; any other prefix keeps to its folder.
    package var isSystemWide: Bool { ["/usr/local", "/usr", "/"].contains(prefix) }

    private var root: String { isSystemWide ? "" : prefix }
    package var programFolder: String { prefix == "/" ? "/usr/bin" : "\(prefix)/bin" }
    package var program: String { "\(programFolder)/haven" }
    package var settingsFolder: String { "\(root)/etc/haven" }
    package var settings: String { "\(settingsFolder)/haven.cfg" }
    package var unit: String { "\(root)/etc/systemd/system/\(SystemdUnit.name)" }
}
