// SPDX-License-Identifier: Apache-2.0

import Access
import HavenServer
import Logging

/// Opens what the settings describe, runs a body with it, and closes it again, whatever happened.
///
/// Commands log to standard error, warnings and worse: what they did they print themselves.
///
/// - Parameter quietly: Whether warnings about the settings were shown already.
func withNode<T: Sendable>(
    _ options: SettingsOptions, _ context: CommandContext, quietly: Bool = false,
    _ body: (HavenNode) async throws -> T
) async throws -> T {
    let settings = try options.load(context)
    for warning in settings.warnings where !quietly { printError("warning: \(warning)") }
    let writer = LogWriter(to: DescriptorLogTarget())
    let logger = Logger(label: "haven") { _ in LineLogHandler(writer, level: .warning) }
    defer { writer.flush() }
    let node = try await HavenNode.open(settings, logger: logger)
    do {
        // A command may be the first to touch an empty folder; then it makes the first rows, as serve would.
        FirstRowsNotice.show(try await node.prepare())
        let result = try await body(node)
        await node.close()
        return result
    } catch {
        await node.close()
        throw error
    }
}
