// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import HavenServer

/// The command line of Haven. Each command parses, calls a library, and prints.
struct Haven: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "haven",
        abstract: "A container registry that keeps what it acknowledges.",
        discussion: """
            `haven serve` starts a registry on http://127.0.0.1:8080 with nothing to set up. Every other command acts on \
            the same settings and the same database, and a running server sees the change at its next request.

            Any setting can be given as a flag, for example --http-port 8081 or --data-volume /srv/haven; \
            `haven serve --help` lists them. The exit code is 0 when the command was done, 1 when it failed, and 2 when \
            its arguments or the settings were wrong.

            `haven --generate-completion-script bash` (or zsh, or fish) prints a script that completes commands and options.
            """,
        version: HavenVersion.line,
        subcommands: [
            ServeCommand.self, UserCommand.self, ProjectCommand.self, RepositoryCommand.self, TagCommand.self,
            TokenCommand.self, NodesCommand.self, CollectCommand.self, DoctorCommand.self, BackupCommand.self,
            RestoreCommand.self,
            DatabaseCommand.self, ConfigCommand.self, InstallCommand.self, SuperviseCommand.self, ClusterCommand.self,
        ])

    /// Runs one command line and says how it ended.
    static func main(_ flags: SettingFlags, environment: [String: String]) async -> CommandEnd {
        var type: any ParsableCommand.Type = Self.self
        do {
            if let flag = flags.incomplete { throw ValidationError("The setting \(flag) needs a value after it.") }
            try checkHelp(flags.rest)
            var command = try parseAsRoot(flags.rest)
            type = Swift.type(of: command)
            if let command = command as? any HavenCommand {
                try await command.run(CommandContext(flags: flags.values, environment: environment))
            } else if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .done
        } catch {
            return report(error, of: type)
        }
    }

    /// The parser answers `haven help nonsense` with the help of `haven`, as if that were what was asked for.
    private static func checkHelp(_ arguments: [String]) throws {
        guard arguments.first == "help" else { return }
        var command: any ParsableCommand.Type = Self.self
        for name in arguments.dropFirst() where !name.hasPrefix("-") {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == name }) else {
                throw ValidationError("There is no command '\(arguments.dropFirst().joined(separator: " "))'.")
            }
            command = next
        }
    }

    private static func report(_ error: any Error, of type: any ParsableCommand.Type) -> CommandEnd {
        switch error {
        case let end as CommandEnd:
            return end
        case let error as SettingsError:
            printError("\(error)")
            return .wrongUsage
        case let error as CommandFailure:
            printError("haven: \(error.message)")
            return .failed
        case let error as ValidationError:
            // Thrown by a running command, which the parser knows nothing of.
            printError("Error: \(error.message)\nUsage: \(usageString(for: type))")
            return .wrongUsage
        default:
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code.isSuccess {
                print(message)
                return .done
            }
            if code == .validationFailure {
                printError(message)
                return .wrongUsage
            }
            printError("haven: \(words(for: error))")
            return .failed
        }
    }
}

/// How a command ended, as its exit code tells.
enum CommandEnd: Int32, Error {
    case done = 0
    case failed = 1
    case wrongUsage = 2
}

/// A failure in words for the person who ran the command.
struct CommandFailure: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// What a command gets besides its own arguments.
struct CommandContext: Sendable {
    /// Settings given as flags, by key.
    let flags: [String: String]
    let environment: [String: String]
}

/// A command that acts on the settings.
protocol HavenCommand: AsyncParsableCommand {
    func run(_ context: CommandContext) async throws
}

/// Prints a line on standard error.
func printError(_ text: String, end: String = "\n") {
    let bytes = Array((text + end).utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
