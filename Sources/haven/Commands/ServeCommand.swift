// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import HavenServer

/// `haven serve`: the registry itself.
struct ServeCommand: HavenCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the registry until SIGTERM or SIGINT.",
        discussion: """
            Without any setting this is a registry on http://127.0.0.1:8080 that keeps everything in ./haven-data. On the \
            first start the password of the account admin is printed once. On SIGTERM the server stops accepting, lets \
            running transfers finish, and ends.
            """)
    @OptionGroup var settings: SettingsOptions

    func run(_ context: CommandContext) async throws {
        let settings = try settings.load(context)
        for warning in settings.warnings { printError("warning: \(warning)") }
        let log = try LogSetup(settings.logs)
        let server = HavenServer(settings, logger: log.logger) { Self.announce($0) }
        do {
            try await server.run()
        } catch {
            log.writer.flush()
            throw CommandFailure("the server cannot run: \(error)")
        }
        log.writer.flush()
    }

    /// Shows what the first start made, between two plain lines, on standard error and never in the log.
    private static func announce(_ rows: FirstRows) {
        if let password = rows.generatedPassword {
            printError(
                """
                ----------------------------------------------------------------
                The password of the account admin (shown only now): \(password)
                ----------------------------------------------------------------
                """)
        }
        for name in rows.lockedAdministrators {
            printError(
                """
                ****************************************************************
                The account \(name) has Harbor's well-known default password and is LOCKED.
                Nobody can log in with it until you give it another one:
                    haven user password \(name) --password-stdin
                ****************************************************************
                """)
        }
    }
}
