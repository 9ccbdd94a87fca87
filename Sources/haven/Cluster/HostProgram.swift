// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess

/// A program of this machine that a command asks for its opinion.
enum HostProgram {
    /// Where the program is: in `PATH`, or where programs for root are, which `PATH` often lacks; nil when it is not here.
    static func path(of name: String) -> String? {
        let folders = (Environment.variables["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(String.init)
        return (folders + ["/usr/sbin", "/sbin"]).map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    /// Runs it to its end, with nothing on its standard input.
    ///
    /// - Returns: Its exit status, 128 and more when a signal ended it, and everything it printed.
    static func run(_ path: String, _ arguments: [String]) async throws -> (status: Int, output: String) {
        let end = try await Subprocess.run(
            .name("env"), arguments: Arguments([path] + arguments), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        let status =
            switch end.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        return (status, end.standardOutput + end.standardError)
    }
}
