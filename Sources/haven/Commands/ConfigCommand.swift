// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer
import OCI

/// `haven config …`: looks at the settings without starting anything.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check and show the settings.",
        subcommands: [Check.self, Show.self, Reference.self])
}

extension ConfigCommand {
    struct Check: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read all settings and report every fault at once.",
            discussion: "The exit code is 0 when `haven serve` would accept the settings, and 2 when it would not.")
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            let settings = try settings.load(context)
            for warning in settings.warnings { printError("warning: \(warning)") }
            print("The settings are good (\(settings.filePath ?? "no file; defaults, environment and flags")).")
        }
    }

    struct Show: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every setting with its value and where it came from; secrets are masked.")
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func run(_ context: CommandContext) async throws {
            let settings = try settings.load(context)
            for warning in settings.warnings { printError("warning: \(warning)") }
            let shown = settings.described.filter { if case .unused = $0.origin { $0.source != nil } else { true } }
            switch output.output {
            case .text: for setting in shown { print("\(setting.key) = \(setting.value)\(origin(setting))") }
            case .json: print(json(shown))
            }
        }

        private func origin(_ setting: SettingDescription) -> String {
            setting.source.map { "    # \($0)" } ?? ""
        }

        private func json(_ settings: [SettingDescription]) -> String {
            var writer = JSONWriter()
            writer.beginArray()
            for setting in settings {
                writer.beginObject()
                writer.key("key")
                writer.string(setting.key)
                writer.key("value")
                writer.string(setting.value)
                writer.key("source")
                writer.string(setting.source?.description ?? "default")
                writer.endObject()
            }
            writer.endArray()
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    struct Reference: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the reference page of all settings in Markdown.")

        func run() throws {
            print(SettingsReference.markdown, terminator: "")
        }
    }
}
