// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import HavenServer
import Installer

/// `haven supervise`: a server that is started again when it ends, for hosts without systemd.
struct SuperviseCommand: HavenCommand {
    static let configuration = CommandConfiguration(
        commandName: "supervise",
        abstract: "Run the registry and start it again whenever it ends, until SIGTERM or SIGINT.",
        discussion: "For hosts and containers without systemd. A stop drains the server as `haven serve` does.")
    @OptionGroup var settings: SettingsOptions

    func run(_ context: CommandContext) async throws {
        let loaded = try settings.load(context)
        let flags = context.flags.sorted { $0.key < $1.key }.flatMap { key, value in
            ["--" + key.replacing("_", with: "-"), value]
        }
        do {
            try await Self.supervise(try Executable.path(), loaded, config: loaded.filePath, flags: flags)
        } catch let fault as InstallFault {
            throw CommandFailure(fault.description)
        }
    }

    /// Runs the server; prints where to log in when it is healthy for the first time.
    static func supervise(
        _ program: String, _ settings: Settings, config: String?, flags: [String] = []
    ) async throws {
        let arguments = ["serve"] + (config.map { ["--config", $0] } ?? []) + flags
        let (probe, text) = (HealthProbe(settings.listener), settings.loginText(config: config))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                if await probe.waitUntilHealthy(within: .seconds(120)) { show(text) }
                return false
            }
            group.addTask {
                try await Supervisor(program, arguments) { printError($0) }.run()
                return true
            }
            // The server's end is the end; the first look at its health is not.
            while let isEnd = try await group.next(), !isEnd {}
            group.cancelAll()
        }
    }
}

/// Prints at once, also into a file or a pipe: what comes next may take long.
func show(_ text: String) {
    print(text)
    fflush(nil)
}
