// SPDX-License-Identifier: Apache-2.0

package import Dispatch
import Logging
import Synchronization

/// Writes log lines in order without making anyone wait.
///
/// Lines are collected in memory and written by a queue of their own, a few milliseconds later. When the target is slower than the lines come,
/// at most `limit` bytes wait; further lines are dropped and counted, and the count is written as a line as soon as
/// there is room again. A target that fails (a full disk) counts its lines as dropped too; logging never stops the server.
package final class LogWriter: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var waitingLines = 0
        var isScheduled = false
        var dropped = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "haven.log")
    private let target: any LogTarget
    private let limit: Int
    private let pause: DispatchTimeInterval
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - limit: The most bytes that wait in memory.
    ///   - pause: How long a line may wait for company. Waking the writing thread for each line costs a busy server a
    ///     fifth of its processor time.
    ///   - now: The time in microseconds since 1970, for the line about dropped lines.
    package init(
        to target: any LogTarget, limit: Int = 1 << 20, pause: DispatchTimeInterval = .milliseconds(10),
        now: @escaping @Sendable () -> Int64 = wallClock
    ) {
        self.target = target
        self.limit = limit
        self.pause = pause
        self.now = now
    }

    /// Hands over one line, its newline included. Returns at once.
    package func write(_ line: [UInt8]) {
        let mustSchedule = state.withLock { state in
            guard state.waiting.count + line.count <= limit else {
                state.dropped += 1
                return false
            }
            state.waiting += line
            state.waitingLines += 1
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { queue.asyncAfter(deadline: .now() + pause) { self.drain() } }
    }

    /// Waits until every line handed over so far is written. For the end of the process; it blocks.
    package func flush() {
        queue.sync { drain() }
    }

    /// Has the target open its file anew, after another program moved it away.
    package func reopen() {
        queue.async { self.target.reopen() }
    }

    /// Runs on `queue` only, so that the target is used by one thread at a time.
    private func drain() {
        while let batch = takeBatch() {
            let failed = write(batch)
            guard failed > 0 else { continue }
            state.withLock { state in
                state.dropped += failed
                // The next line tries again; until then there is nobody to tell.
                state.isScheduled = false
            }
            return
        }
    }

    private struct Batch {
        let bytes: [UInt8]
        let lines: Int
        let dropped: Int
    }

    /// Takes what waits; nil when nothing does, and then the next line schedules a new run.
    private func takeBatch() -> Batch? {
        state.withLock { state in
            let batch = Batch(bytes: state.waiting, lines: state.waitingLines, dropped: state.dropped)
            state = State(isScheduled: !batch.bytes.isEmpty || batch.dropped > 0)
            return state.isScheduled ? batch : nil
        }
    }

    /// Writes a batch and the count of what was dropped before it; gives the number of lines that were lost.
    private func write(_ batch: Batch) -> Int {
        guard batch.bytes.isEmpty || target.write(batch.bytes) else { return batch.lines + batch.dropped }
        guard batch.dropped > 0 else { return 0 }
        return target.write(droppedLine(batch.dropped)) ? 0 : batch.dropped
    }

    private func droppedLine(_ count: Int) -> [UInt8] {
        LogLine.bytes(time: now(), level: .warning, message: "log lines were dropped", metadata: ["count": "\(count)"])
    }
}
