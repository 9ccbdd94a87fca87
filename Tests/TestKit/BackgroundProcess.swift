// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Subprocess
import Synchronization

/// A program that runs beside the tests, such as a server: started, watched and ended by its process id.
///
/// What it prints goes to a file. It is in a process group of its own, and ``stop(within:)`` ends its children too.
package final class BackgroundProcess: Sendable {
    package let processID: Int32
    package let logPath: String
    private let end: Task<Int, any Error>
    private let ended = Mutex(false)

    /// Starts `tool` and returns as soon as the process exists.
    ///
    /// - Parameter logPath: The file to which standard output and standard error are appended.
    package init(_ tool: Tool, _ arguments: [String], logPath: String) async throws {
        guard let path = Tool.path(of: tool.program) else {
            throw ToolFailure(what: "\(tool.program): not on this machine")
        }
        self.logPath = logPath
        // It dies with the tests, even when these are killed.
        let command =
            ["--pdeathsig", "KILL", "/bin/sh", "-c", #"log="$1"; shift; exec "$@" >>"$log" 2>&1 </dev/null"#, "sh"]
            + [logPath, path] + arguments
        let (started, starting) = AsyncStream<Int32>.makeStream()
        end = Task {  // awaited by stop() and kill()
            defer { starting.finish() }
            return try await Subprocess.run(
                .name("env"),
                arguments: Arguments(Tool.envArguments(tool.workingFolder, "setpriv", command)),
                environment: .inherit.updating(tool.environment.environmentKeys),
                platformOptions: .ownGroup,
                input: .none, output: .discarded, error: .discarded
            ) { execution in
                starting.yield(execution.processIdentifier.value)
                starting.finish()
            }.terminationStatus.exitStatus
        }
        guard let processID = await started.first(where: { _ in true }) else {
            throw ToolFailure(what: "\(tool.program): could not be started: \(await end.result)")
        }
        self.processID = processID
        Task {  // ends with the process, which stop() or kill() ends
            _ = await end.result
            ended.withLock { $0 = true }
        }
    }

    /// Whether the process still runs.
    package var isRunning: Bool { !ended.withLock { $0 } }

    /// Everything the process printed so far.
    package var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// Sends `signal` to the process alone, when it still runs.
    package func signal(_ signal: Int32) {
        if isRunning { Glibc.kill(processID, signal) }
    }

    /// Asks the process to end, and kills it when it is still there after `limit`.
    ///
    /// - Returns: Its exit status, as a shell shows it.
    @discardableResult
    package func stop(within limit: Duration = .seconds(20)) async throws -> Int {
        signal(SIGTERM)
        guard try await eventually(within: limit, { !isRunning }) else { return try await kill() }
        return try await end.value
    }

    /// Kills the process and everything it started, at once.
    ///
    /// - Returns: Its exit status, as a shell shows it.
    @discardableResult
    package func kill() async throws -> Int {
        if isRunning { Glibc.kill(-processID, SIGKILL) }
        return try await end.value
    }

    /// The memory that the process holds now, in bytes; 0 when it ended.
    package var residentBytes: Int { status("VmRSS:") }

    /// The most memory that the process ever held, in bytes; 0 when it ended.
    package var peakResidentBytes: Int { status("VmHWM:") }

    private func status(_ key: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)) ?? ""
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else { return 0 }
        return (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) * 1024
    }
}
