// SPDX-License-Identifier: Apache-2.0

/// The reference page of the settings, made from their declarations.
package enum SettingsReference {
    /// Every setting as it is declared, with nothing set.
    package static var declarations: [SettingDescription] {
        // With no source at all there is nothing to be wrong; a test holds that.
        (try? Settings(SettingSources()))?.described ?? []
    }

    /// The keys that can be given as flags: all but the format of the file.
    package static var flagKeys: [String] {
        declarations.map(\.key).filter { !$0.hasPrefix("_") }
    }

    /// The whole page in Markdown.
    package static var markdown: String {
        let all = declarations
        var page = head
        page += section("Haven's settings", all.filter { $0.origin == .haven })
        page += section("Settings shared with Harbor 1.5", all.filter { $0.origin == .harbor })
        page += "\n## Keys without effect\n\n"
        page += "They are accepted with a warning, so that an existing `harbor.cfg` works unchanged.\n\n"
        page += "| Key | Why |\n|---|---|\n"
        for case let setting in all {
            guard case .unused(let reason) = setting.origin else { continue }
            page += "| `\(setting.key)` | \(reason) |\n"
        }
        return page
    }

    /// The settings that do something and may stand on a command line, which everybody on the machine can read.
    package static let flags = declarations.filter {
        ($0.origin == .haven || $0.origin == .harbor) && !$0.isSecret && !$0.key.hasPrefix("_")
    }

    /// The list that `haven serve --help` shows.
    package static var help: String {
        flags
            .map {
                "  \($0.flagName) <value>\n      \($0.meaning) Default: "
                    + "\($0.standard.isEmpty ? "none" : $0.standard)."
            }
            .joined(separator: "\n")
    }

    private static let head = """
        # Settings

        <!-- Made by `haven config reference` from the declarations in Sources/HavenServer/Settings; do not edit. -->

        A setting can be given in the file as `key = value`, in the environment as `HAVEN_KEY`, and as a flag `--key` with
        hyphens for underscores: `http_port = 8081`, `HAVEN_HTTP_PORT=8081`, `--http-port 8081`. A flag wins over the
        environment, which wins over the file, which wins over the default. Secrets are not taken as flags.

        The file is the one named by `--config` or `HAVEN_CONFIG`, else `./haven.cfg`, else `/etc/haven/haven.cfg`. It has
        the syntax of Harbor's `harbor.cfg`: one `key = value` a line, comments from `#`, and an indented line continues the
        value above it. A file with `_version` is Harbor's and gets Harbor's defaults where the table names two.

        An unknown key in the file is an error, an unknown `HAVEN_` variable a warning. `haven config check` reports every
        fault at once, and `haven config show` prints the values in force with secrets as `•••`.

        """

    private static func section(_ title: String, _ settings: [SettingDescription]) -> String {
        var text = "\n## \(title)\n\n| Key | Default | Accepts | Meaning |\n|---|---|---|---|\n"
        for setting in settings {
            let standards = [setting.standard, setting.harborStandard.map { "Harbor's file: \($0)" }]
            let shown = standards.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "; ")
            text += "| `\(setting.key)` | \(shown) | \(setting.accepts) | \(setting.meaning) |\n"
        }
        return text
    }
}
