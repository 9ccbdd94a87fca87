// SPDX-License-Identifier: Apache-2.0

/// The place a value came from, in the words of a fault.
package enum SettingSource: Hashable, Sendable, CustomStringConvertible {
    case flag(String)
    case environment(String)
    case file(String, line: Int)

    package var description: String {
        switch self {
        case .flag(let name): "flag \(name)"
        case .environment(let name): "environment \(name)"
        case .file(let path, let line): "\(path), line \(line)"
        }
    }
}

/// Everything that can give settings, already read. A flag wins over the environment, which wins over the file.
package struct SettingSources: Sendable {
    /// Flags by key: `["http_port": "8081"]`.
    package var flags: [String: String] = [:]
    /// The environment of the process. Only names that begin with `HAVEN_` are looked at.
    package var environment: [String: String] = [:]
    /// The file, when there is one, and its path for messages.
    package var file: ConfigFile?
    package var filePath = "haven.cfg"

    package init() {}

    /// Whether the file is Harbor's: it carries `_version`, as every `harbor.cfg` since 1.2 does.
    package var isHarborFile: Bool {
        file?.entries.contains { $0.key == "_version" } ?? false
    }

    /// The text for a key and where it came from; nil when nothing gives one.
    func text(for key: String) -> (text: String, source: SettingSource)? {
        let isFileOnly = key.hasPrefix("_")
        if !isFileOnly, let text = flags[key] { return (text, .flag(SettingNames.flag(key))) }
        let name = SettingNames.environment(key)
        if !isFileOnly, let text = environment[name] { return (text, .environment(name)) }
        guard let file, let entry = file.entries.last(where: { $0.key == key }) else { return nil }
        return (entry.value, .file(filePath, line: entry.line))
    }
}
