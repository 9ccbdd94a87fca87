// SPDX-License-Identifier: Apache-2.0

/// Settings given on the command line: `--http-port 8081` or `--http-port=8081`, at any place.
package struct SettingFlags: Sendable, Equatable {
    /// The settings that were found, by key. The last of two equal flags counts.
    package private(set) var values: [String: String] = [:]
    /// The arguments that are no settings, in their order.
    package private(set) var rest: [String] = []
    /// A flag at the end whose value is missing.
    package private(set) var incomplete: String?

    /// Takes the settings out of a command line.
    ///
    /// - Parameters:
    ///   - arguments: The command line without the name of the program. After `--` nothing is a setting.
    ///   - keys: The keys of all settings.
    package init(_ arguments: some Sequence<String>, keys: [String]) {
        let keyOfFlag = Dictionary(keys.map { (SettingNames.flag($0), $0) }, uniquingKeysWith: { first, _ in first })
        var arguments = arguments.makeIterator()
        while let argument = arguments.next() {
            if argument == "--" {
                rest.append(argument)
                while let last = arguments.next() { rest.append(last) }
                return
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first, let key = keyOfFlag[String(name)] else {
                rest.append(argument)
                continue
            }
            if parts.count == 2 {
                values[key] = String(parts[1])
            } else if let value = arguments.next() {
                values[key] = value
            } else {
                incomplete = argument
            }
        }
    }
}
