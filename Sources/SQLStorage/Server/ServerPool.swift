// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// One transaction that waits for a connection. Answered exactly once: by `perform`, or by `fail`.
struct ServerWork: Sendable {
    /// Past this moment it must not start any more.
    let deadline: ContinuousClock.Instant
    /// Runs it with a worker, on the worker's thread.
    let perform: @Sendable (ServerWorker) -> Void
    /// Answers it with an error; nothing has happened.
    let fail: @Sendable (SQLError) -> Void
}

/// What waits in one lane, and the threads that work it off, as many as needed and at most a fixed number.
///
/// `@unchecked Sendable`: all state is touched under `condition`'s lock only.
final class ServerPool: @unchecked Sendable {
    private let condition = NSCondition()
    private let name: String
    private let threadLimit: Int
    private let waitingLimit: Int
    private let idleLimit: Duration
    private let makeWorker: @Sendable () -> ServerWorker
    private let group = DispatchGroup()
    private let fuses = Mutex<[ObjectIdentifier: SessionFuse]>([:])
    private var waiting = FIFO<ServerWork>()
    private var idle = 0
    private var threads = 0
    private var isClosed = false

    init(
        _ name: String, threads: Int, waiting: Int, idle: Duration,
        makeWorker: @escaping @Sendable () -> ServerWorker
    ) {
        self.name = name
        threadLimit = threads
        waitingLimit = waiting
        idleLimit = idle
        self.makeWorker = makeWorker
    }

    /// Lets `work` wait; or fails it at once when the lane is full or closed.
    func submit(_ work: ServerWork) {
        condition.lock()
        if isClosed || waiting.count >= waitingLimit {
            let isClosed = isClosed
            condition.unlock()
            return work.fail(
                isClosed
                    ? .unreachable("the database is closed")
                    : .overloaded("\(waitingLimit) transactions wait in the \(name) lane"))
        }
        waiting.append(work)
        if waiting.count > idle, threads < threadLimit { startThread() }
        condition.signal()
        condition.unlock()
    }

    /// Fails what has waited past its deadline, and ends calls that take too long or talk to a host that was left.
    ///
    /// - Parameter left: The last generation of that host's sessions, by ``HostChoice``; nil for none.
    func expire(now: ContinuousClock.Instant, left: Int?) {
        condition.lock()
        let expired = waiting.removeAll { $0.deadline <= now }
        condition.unlock()
        for work in expired { work.fail(.timeout("no connection was free before the deadline")) }
        for fuse in fuses.withLock({ Array($0.values) }) {
            if let left { fuse.leave(left) }
            fuse.expire(now: now)
        }
    }

    /// Refuses new work; what waits is still done.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    /// Calls `body` when every thread has ended, after ``close()``.
    func notify(_ body: @escaping @Sendable () -> Void) {
        group.notify(queue: .global(), execute: body)
    }

    /// Under the lock.
    private func startThread() {
        threads += 1
        group.enter()
        let thread = Thread { [self] in  // ends by itself when idle, or by close()
            let worker = makeWorker()
            fuses.withLock { $0[ObjectIdentifier(worker)] = worker.fuse }
            while let work = take() {
                if work.deadline > .now {
                    work.perform(worker)
                } else {
                    work.fail(.timeout("no connection was free before the deadline"))
                }
            }
            worker.close()
            fuses.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(worker)) }
            group.leave()
        }
        thread.name = "sql.\(name)"
        thread.start()
    }

    /// Waits for work.
    ///
    /// - Returns: nil when the thread must end.
    private func take() -> ServerWork? {
        condition.lock()
        defer { condition.unlock() }
        idle += 1
        let end = Date(timeIntervalSinceNow: idleLimit / .seconds(1))
        while true {
            if let work = waiting.popFirst() {
                idle -= 1
                return work
            }
            if isClosed || !condition.wait(until: end), waiting.isEmpty {
                idle -= 1
                threads -= 1
                return nil
            }
        }
    }
}
