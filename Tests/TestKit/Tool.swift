// SPDX-License-Identifier: Apache-2.0
import Foundation
import Subprocess

/// A program of the machine, run to its end with a deadline.
///
///     let skopeo = Tool("skopeo")
///     try await skopeo.check("copy", "oci:/tmp/layout:x", "docker://127.0.0.1:8080/library/x:x")
package struct Tool: Sendable {
    /// Tells `unshare` to run a command in a network of its own. Root needs no user namespace for that, and gets none in a chroot.
    package static let ownNetwork = geteuid() == 0 ? "-n" : "-rn"

    /// The program's name, looked up in `PATH`, or its path.
    package var program: String
    /// Variables set (or, when nil, removed) for the program on top of this process's environment.
    package var environment: [String: String?]
    /// The folder the program starts in; nil leaves this process's.
    package var workingFolder: String?

    package init(_ program: String, environment: [String: String?] = [:], workingFolder: String? = nil) {
        self.program = program
        self.environment = environment
        self.workingFolder = workingFolder
    }

    /// The path of the program, or nil when the machine lacks it.
    package static func path(of program: String) -> String? {
        if program.contains("/") { return FileManager.default.isExecutableFile(atPath: program) ? program : nil }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        let candidates = folders.map { "\($0)/\(program)" } + ["/usr/sbin/\(program)", "/sbin/\(program)"]
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs the program and returns what it printed and how it ended.
    ///
    /// - Parameters:
    ///   - input: What the program reads on standard input.
    ///   - deadline: The program, with all its children, is ended when it takes longer.
    /// - Throws: ``ToolFailure`` when the program is missing or takes longer than `deadline`.
    package func run(
        _ arguments: [String], input: String = "", deadline: Duration = .seconds(120)
    ) async throws -> ToolResult {
        guard let path = Tool.path(of: program) else { throw ToolFailure(what: "\(program): not on this machine") }
        let result = try await withDeadline(deadline) { try await execute(path, arguments, input) }
        guard let result else {
            throw ToolFailure(what: "\(program) \(arguments.joined(separator: " ")): not finished after \(deadline)")
        }
        return result
    }

    /// Runs the program and returns its standard output.
    ///
    /// - Throws: ``ToolFailure`` with everything it printed when it does not end with status 0.
    @discardableResult
    package func check(_ arguments: [String], input: String = "", deadline: Duration = .seconds(120)) async throws
        -> String
    {
        let result = try await run(arguments, input: input, deadline: deadline)
        guard result.status == 0 else {
            throw ToolFailure(what: "\(program) \(arguments.joined(separator: " ")): \(result)")
        }
        return result.output
    }

    @discardableResult
    package func check(_ arguments: String...) async throws -> String { try await check(arguments) }

    private func execute(_ path: String, _ arguments: [String], _ input: String) async throws -> ToolResult {
        let finished = try await Subprocess.run(
            .name("env"),
            arguments: Arguments(Tool.envArguments(workingFolder, path, arguments)),
            environment: .inherit.updating(environment.environmentKeys),
            platformOptions: .ownGroup,
            input: .string(input),
            output: .string(limit: 64 << 20),
            error: .string(limit: 64 << 20))
        return ToolResult(
            status: finished.terminationStatus.exitStatus, output: finished.standardOutput,
            errors: finished.standardError)
    }

    /// The arguments with which `env` becomes `path` in `folder`: its process id is then the program's.
    static func envArguments(_ folder: String?, _ path: String, _ arguments: [String]) -> [String] {
        (folder.map { ["-C", $0] } ?? []) + [path] + arguments
    }
}

/// How a program ended and what it printed.
package struct ToolResult: Sendable, CustomStringConvertible {
    /// The exit status; 128 plus the signal's number when a signal ended it.
    package let status: Int
    package let output: String
    package let errors: String
    package var description: String { "status \(status)\n\(output)\(errors)" }
}

/// A program could not be run, or did not do what a test needs.
package struct ToolFailure: Error, CustomStringConvertible {
    package let what: String
    package init(what: String) { self.what = what }
    package var description: String { what }
}

extension TerminationStatus {
    /// The status as a shell shows it.
    var exitStatus: Int {
        switch self {
        case .exited(let code): Int(code)
        case .signaled(let signal): 128 + Int(signal)
        }
    }
}

extension PlatformOptions {
    /// A process group of its own, so that a program's children end with it.
    static var ownGroup: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(5))
        ]
        return options
    }
}

extension [String: String?] {
    var environmentKeys: [Environment.Key: String?] {
        reduce(into: [:]) { keys, entry in
            guard let key = Environment.Key(rawValue: entry.key) else { return }
            keys[key] = .some(entry.value)
        }
    }
}
