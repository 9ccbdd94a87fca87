// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The account that a database server runs as: the one of its package when the tests run as root, for it refuses root.
struct ServiceAccount: Sendable {
    /// nil: the account that the tests run as.
    let name: String?

    init(_ name: String) {
        self.name = geteuid() == 0 ? name : nil
    }

    /// The program with its arguments, run as this account; it dies with the process that starts it.
    func command(_ program: String, _ arguments: [String]) throws -> (tool: Tool, arguments: [String]) {
        guard let path = Tool.path(of: program) else { throw ToolFailure(what: "\(program): not on this machine") }
        guard let name else { return (Tool(path), arguments) }
        let options = ["--reuid=\(name)", "--regid=\(name)", "--init-groups", "--pdeathsig", "KILL"]
        return (Tool("setpriv"), options + [path] + arguments)
    }

    /// Runs the program to its end as this account.
    @discardableResult
    func check(_ program: String, _ arguments: [String], environment: [String: String?] = [:]) async throws -> String {
        var (tool, all) = try command(program, arguments)
        tool.environment = environment
        return try await tool.check(all)
    }

    /// Gives files to this account.
    func own(_ path: String) async throws {
        if let name { try await Tool("chown").check("-R", "\(name):", path) }
    }
}
