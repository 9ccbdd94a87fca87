// SPDX-License-Identifier: Apache-2.0

/// One setting: its key, form, default and meaning. Everything that reads or describes it comes from here.
package struct Setting<Value: Sendable>: Sendable {
    /// The key in the file; the environment variable and the flag follow from it.
    package let key: String
    /// How its text is read and written.
    package let form: SettingForm<Value>
    /// The value when no source gives one.
    package let standard: Value
    /// The value when no source gives one and the file is Harbor's; nil when it is `standard` there too.
    package let harborStandard: Value?
    /// How the reference page shows a default that depends on other settings; nil shows `standard`.
    package let standardText: String?
    /// Where the key comes from.
    package let origin: SettingOrigin
    /// What the setting does, in sentences.
    package let meaning: String

    package init(
        _ key: String, _ form: SettingForm<Value>, default standard: Value, harbor harborStandard: Value? = nil,
        shown standardText: String? = nil, origin: SettingOrigin = .haven, _ meaning: String
    ) {
        self.key = key
        self.form = form
        self.standard = standard
        self.harborStandard = harborStandard
        self.standardText = standardText
        self.origin = origin
        self.meaning = meaning
    }
}

/// Where a key comes from, and whether it does anything.
package enum SettingOrigin: Hashable, Sendable {
    /// Haven's own key.
    case haven
    /// A key of Harbor 1.5 with the meaning it has there.
    case harbor
    /// A key that is accepted and does nothing; the text says why.
    case unused(String)
}

/// What is known of one setting without its type: for the reference page, for help and for `haven config show`.
package struct SettingDescription: Sendable {
    package let key: String
    package let accepts: String
    package let standard: String
    package let harborStandard: String?
    package let meaning: String
    package let origin: SettingOrigin
    package let isSecret: Bool
    /// The value in force, as text; secrets are `•••`.
    package let value: String
    /// Where the value came from; nil when it is the default.
    package let source: SettingSource?

    /// `http_port` → `HAVEN_HTTP_PORT`.
    package var environmentName: String { SettingNames.environment(key) }

    /// `http_port` → `--http-port`.
    package var flagName: String { SettingNames.flag(key) }
}

/// The names of a setting outside the file. A key with a leading underscore, the format of the file, has none.
enum SettingNames {
    static func environment(_ key: String) -> String {
        "HAVEN_" + key.uppercased()
    }

    static func flag(_ key: String) -> String {
        "--" + key.split(separator: "_").joined(separator: "-")
    }
}
