// SPDX-License-Identifier: Apache-2.0

import TestKit

/// Commands of the executable on a folder of their own, without a server.
struct CommandLine: Sendable {
    let folder: String
    var environment: [String: String?] = [:]

    /// Runs a command on `<folder>/data` and returns how it ended and what it printed.
    func run(_ arguments: String..., input: String = "") async throws -> ToolResult {
        try await Tool(HavenProcess.executable, environment: environment, workingFolder: folder)
            .run(arguments + ["--data-volume", "\(folder)/data"], input: input)
    }

    /// A password that the rules accept.
    static let password = "Correct-Horse-7"
}

/// Runs a body with commands on a fresh folder.
func withCommandLine(_ body: (CommandLine) async throws -> Void) async throws {
    try await withTemporaryFolder { try await body(CommandLine(folder: $0)) }
}
