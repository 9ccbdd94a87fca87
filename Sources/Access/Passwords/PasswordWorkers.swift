// SPDX-License-Identifier: Apache-2.0

import Synchronization

import class Foundation.Thread

/// The few threads that derive keys from passwords, so that logins never take the threads of everybody else.
///
/// A thread lives while there is work: with none, this holds nothing. At most a bounded number of jobs wait.
final class PasswordWorkers: Sendable {
    private let threads: Int
    private let queue: Int
    private let state = Mutex(State())

    private struct State: Sendable {
        var waiting: [@Sendable () -> Void] = []
        var running = 0
        var begun = 0
    }

    init(threads: Int, queue: Int) {
        self.threads = max(1, threads)
        self.queue = max(1, queue)
    }

    /// How many jobs a thread took on since the start.
    var begun: Int { state.withLock { $0.begun } }

    /// How many jobs wait for a thread.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Runs `work` on one of the threads.
    ///
    /// - Throws: ``AccessError/busy(retryAfter:)`` when too many wait.
    func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws(AccessError) -> T {
        let result: T? = await withCheckedContinuation { continuation in
            if !submit({ continuation.resume(returning: work()) }) { continuation.resume(returning: nil) }
        }
        guard let result else { throw .busy(retryAfter: .seconds(2)) }
        return result
    }

    private func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        let (isTaken, needsThread) = state.withLock { state in
            guard state.waiting.count < queue else { return (false, false) }
            state.waiting.append(job)
            guard state.running < threads else { return (true, false) }
            state.running += 1
            return (true, true)
        }
        if needsThread { Thread.detachNewThread { self.work() } }
        return isTaken
    }

    private func work() {
        while let job = next() { job() }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            state.begun += 1
            return state.waiting.removeFirst()
        }
    }
}
