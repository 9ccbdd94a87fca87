// SPDX-License-Identifier: Apache-2.0

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

            Every setting but passwords is a flag of this and of every other command:

            \(SettingsReference.help)
            """)
    @OptionGroup var settings: SettingsOptions

    func run(_ context: CommandContext) async throws {
        let settings = try settings.load(context)
        for warning in settings.warnings { printError("warning: \(warning)") }
        let log = try LogSetup(settings.logs)
        defer { log.writer.flush() }
        let server = HavenServer(settings, log: log) { FirstRowsNotice.show($0) }
        do {
            try await server.run()
        } catch let error as SettingsError {
            throw error
        } catch {
            throw CommandFailure("the server cannot run: \(Haven.words(for: error))")
        }
    }
}
