// SPDX-License-Identifier: Apache-2.0

import Subprocess

/// Programs of the host, run to their end.
enum Command {
    /// Runs a program.
    ///
    /// - Parameter showsErrors: Whether what it prints on standard error goes straight to ours and is not kept.
    /// - Throws: ``InstallFault`` when it cannot be run, or ends with another status than 0.
    @discardableResult
    static func run(_ program: String, _ arguments: [String], showsErrors: Bool = false) async throws -> String {
        let what = "\(program) \(arguments.joined(separator: " "))"
        do {
            if showsErrors {
                let end = try await Subprocess.run(
                    .name("env"), arguments: Arguments([program] + arguments), output: .string(limit: 1 << 20),
                    error: .currentStandardError)
                return try checked(what, end.terminationStatus, end.standardOutput, errors: "")
            }
            let end = try await Subprocess.run(
                .name("env"), arguments: Arguments([program] + arguments), output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20))
            return try checked(what, end.terminationStatus, end.standardOutput, errors: end.standardError)
        } catch let error as InstallFault {
            throw error
        } catch {
            throw InstallFault("\(what): \(error)")
        }
    }

    private static func checked(
        _ what: String, _ status: TerminationStatus, _ output: String, errors: String
    ) throws -> String {
        guard status.isSuccess else { throw InstallFault("\(what) failed (\(status)): \(errors)\(output)") }
        return output
    }
}

/// Why an installation did not come to its end, for the person who ran it.
package struct InstallFault: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
