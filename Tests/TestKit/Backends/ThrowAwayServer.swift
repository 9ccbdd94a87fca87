// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// The process of a server in a folder, which tests stop, kill, hold still and start again.
package final class ThrowAwayServer: Sendable {
    /// Everything of the server is in it.
    package let folder: String
    private let tool: Tool
    private let arguments: [String]
    private let process = Mutex<BackgroundProcess?>(nil)

    init(folder: String, _ command: (tool: Tool, arguments: [String])) {
        self.folder = folder
        (tool, arguments) = command
    }

    /// Everything it printed so far, over all its starts.
    package var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }
    package var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }

    private var logPath: String { "\(folder)/server.log" }

    /// Starts the process and waits until `isReady` holds.
    func start(_ extra: [String] = [], within limit: Duration = .seconds(60), isReady: () async -> Bool) async throws {
        let started = try await BackgroundProcess(tool, arguments + extra, logPath: logPath)
        process.withLock { $0 = started }
        ProcessEnd.remember(started.processID)
        let ready = try await eventually(within: limit, every: .milliseconds(50)) {
            guard started.isRunning else { throw ToolFailure(what: "the server ended before it was ready:\n\(log)") }
            return await isReady()
        }
        guard ready else { throw ToolFailure(what: "the server is not ready after \(limit):\n\(log.suffix(4_000))") }
    }

    /// Asks it to end, and waits for that.
    package func stop() async throws {
        resume()
        _ = try await process.withLock { $0 }?.stop(within: .seconds(30))
    }

    /// Kills it and its children at once, as a power cut does.
    package func kill() async throws {
        signal(SIGKILL)
        _ = try await process.withLock { $0 }?.kill()
    }

    /// Holds it still, without ending anything: connections stay open and nobody answers.
    package func pause() { signal(SIGSTOP) }

    /// Lets it go on.
    package func resume() { signal(SIGCONT) }

    /// Sends a signal to the process and to its children, which may be in groups of their own.
    package func signal(_ signal: Int32) {
        guard let running = process.withLock({ $0 }), running.isRunning else { return }
        let children = try? String(
            contentsOfFile: "/proc/\(running.processID)/task/\(running.processID)/children", encoding: .utf8)
        running.signal(signal)
        for child in (children ?? "").split(separator: " ").compactMap({ Int32($0) }) { Glibc.kill(child, signal) }
    }
}

/// What must go when the test process ends: servers shared by all its tests, and their folders.
package enum ProcessEnd {
    private struct Leftovers {
        var processes: [Int32] = []
        var folders: [String] = []
        var isRegistered = false
    }

    private static let leftovers = Mutex(Leftovers())

    static func remember(_ process: Int32) {
        change { $0.processes.append(process) }
    }

    /// Makes a folder that lives as long as the test process.
    package static func makeFolder() throws -> String {
        let folder = try makeTemporaryFolder()
        // Servers run as accounts of their own and must find their way in.
        chmod(folder, 0o755)
        change { $0.folders.append(folder) }
        return folder
    }

    private static func change(_ body: (inout Leftovers) -> Void) {
        leftovers.withLock { leftovers in
            body(&leftovers)
            guard !leftovers.isRegistered else { return }
            leftovers.isRegistered = true
            atexit { ProcessEnd.clean() }
        }
    }

    private static func clean() {
        let all = leftovers.withLock { $0 }
        // Their ids are theirs until we have waited for them, which we have not for those that still run.
        for process in all.processes { Glibc.kill(-process, SIGKILL) }
        for folder in all.folders { try? FileManager.default.removeItem(atPath: folder) }
    }
}
