// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer

/// Where the settings of a command come from.
struct SettingsOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The settings file. Without it, HAVEN_CONFIG, ./haven.cfg and /etc/haven/haven.cfg are tried in this order.",
            valueName: "file"),
        completion: .file(extensions: ["cfg"]))
    var config: String?
    @OptionGroup var flags: SettingFlagOptions

    /// The settings in force.
    func load(_ context: CommandContext) throws -> Settings {
        try Settings.load(file: config, flags: context.flags, environment: context.environment)
    }
}

/// How a command prints its result.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
}

/// The form of the output.
struct OutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The form of the output: text for people, json for machines.", valueName: "format"))
    var output = OutputFormat.text
}
