// SPDX-License-Identifier: Apache-2.0

import OCI

/// Reads settings one declaration at a time, and keeps what was declared, what was wrong and what deserves a warning.
package struct SettingReader {
    let sources: SettingSources
    private(set) var described: [SettingDescription] = []
    private(set) var faults: [SettingFault] = []
    private(set) var warnings: [SettingFault] = []

    init(_ sources: SettingSources) {
        self.sources = sources
    }

    /// Whether the file is Harbor's, whose defaults differ.
    var isHarborFile: Bool { sources.isHarborFile }

    /// Whether some source gives the key.
    func isGiven(_ key: String) -> Bool {
        sources.text(for: key) != nil
    }

    /// The value of a setting. A wrong value becomes a fault and reads as the default, so that all faults are found in one go.
    mutating func read<Value>(_ setting: Setting<Value>) -> Value {
        let standard = isHarborFile ? setting.harborStandard ?? setting.standard : setting.standard
        guard let (text, source) = sources.text(for: setting.key) else {
            describe(setting, value: standard, source: nil)
            return standard
        }
        if case .unused(let reason) = setting.origin { warn(setting.key, reason) }
        if setting.form.isSecret, case .flag = source {
            let name = SettingNames.environment(setting.key)
            fault(
                setting.key,
                "secrets are not taken as flags, where other users can see them; use the file or "
                    + "\(name)")
        }
        guard let value = setting.form.parse(text) else {
            fault(setting.key, wrongValue(text, for: setting))
            describe(setting, value: standard, source: source)
            return standard
        }
        describe(setting, value: value, source: source)
        return value
    }

    /// Notes a fault about a key. Its source is found here.
    mutating func fault(_ key: String, _ message: String) {
        faults.append(SettingFault(key: key, source: sources.text(for: key)?.source, message: message))
    }

    /// Notes something that works but deserves a look.
    mutating func warn(_ key: String, _ message: String) {
        warnings.append(SettingFault(key: key, source: sources.text(for: key)?.source, message: message))
    }

    /// Finds what no declaration knows, after all have been read: an error in the file, a warning in the environment.
    mutating func checkUnknownKeys() {
        let keys = described.map(\.key)
        for fault in sources.file?.faults ?? [] {
            faults.append(
                SettingFault(key: nil, source: .file(sources.filePath, line: fault.line), message: fault.message))
        }
        for entry in sources.file?.entries ?? [] where !keys.contains(entry.key) {
            let source = SettingSource.file(sources.filePath, line: entry.line)
            faults.append(SettingFault(key: shortened(entry.key), source: source, message: unknown(entry.key, keys)))
        }
        for key in sources.flags.keys.sorted() where !keys.contains(key) {
            fault(key, unknown(key, keys))
        }
        let names = keys.filter { !$0.hasPrefix("_") }.map(SettingNames.environment) + SettingNames.otherVariables
        for name in sources.environment.keys.sorted() where name.hasPrefix("HAVEN_") && !names.contains(name) {
            let hint = nearest(to: name, among: names.map { $0.lowercased() }).map {
                "; did you mean \($0.uppercased())?"
            }
            warnings.append(
                SettingFault(
                    key: nil, source: .environment(shortened(name)), message: "no setting has this name" + (hint ?? ""))
            )
        }
    }

    private mutating func describe<Value>(_ setting: Setting<Value>, value: Value, source: SettingSource?) {
        described.append(
            SettingDescription(
                key: setting.key, accepts: setting.form.accepts,
                standard: setting.standardText ?? setting.form.text(setting.standard),
                harborStandard: setting.harborStandard.map(setting.form.text), meaning: setting.meaning,
                origin: setting.origin, isSecret: setting.form.isSecret, value: setting.form.text(value), source: source
            ))
    }

    private func wrongValue<Value>(_ text: String, for setting: Setting<Value>) -> String {
        let shown = setting.form.isSecret ? "the value" : "'\(shortened(text))'"
        return "\(shown) is not accepted; give \(setting.form.accepts)"
    }

    private func unknown(_ key: String, _ keys: [String]) -> String {
        let hint = nearest(to: key, among: keys).map { "; did you mean \($0)?" }
        return "there is no such setting" + (hint ?? "; `haven config show` lists them all")
    }
}

extension SettingNames {
    /// Names with our prefix that are no settings: the settings file and the fault points of tests.
    static let otherVariables = ["HAVEN_CONFIG", "HAVEN_FAULT"]
}

/// A text that is safe to print in a message: short, and without control characters.
func shortened(_ text: String) -> String {
    let shown = String(text.prefix(64).map { $0.isASCII && "\($0)".hasControlCharacters ? "?" : $0 })
    return shown.count < text.count ? shown + "…" : shown
}
