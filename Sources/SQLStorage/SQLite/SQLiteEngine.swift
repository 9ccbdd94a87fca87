// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import GRDB
import Synchronization

/// The threads and connections of one SQLite database.
///
/// Threads hold the queues, never the engine, so that an engine nobody uses any more ends them.
final class SQLiteEngine: Sendable {
    let reads: SQLiteQueue
    let writes: SQLiteQueue
    private let options: SQLiteOptions
    private let checkpointer = SQLiteCheckpointer()
    private let watchdog = DispatchSemaphore(value: 0)
    private let threads = DispatchGroup()
    /// Guarded because ``close()`` unmaps what it reads.
    private let stamp: Mutex<SQLiteChangeStamp?>

    init(path: String, options: SQLiteOptions) throws(SQLError) {
        self.options = options
        let readers = max(options.readers, 1)
        // Long work of administrators and jobs always leaves a reader to the others.
        reads = SQLiteQueue(
            waitingLimit: options.waitingLimit,
            runningLimits: [readers, max(readers - 1, 1), max(readers / 2, 1), 1])
        writes = SQLiteQueue(
            waitingLimit: options.waitingLimit,
            runningLimits: [options.groupLimit, options.groupLimit, max(options.groupLimit / 4, 1), 4])
        do {
            let file = SQLiteFile(path: path, busyTimeout: options.busyTimeout)
            try file.create()
            let writer = try file.open()
            stamp = Mutex(try SQLiteChangeStamp(try file.open(readOnly: true)))
            start(writer: writer, checkpoints: try file.open())
            try startReaders((0..<readers).map { _ in try file.open(readOnly: true) })
        } catch {
            writes.close()
            reads.close()
            checkpointer.close()
            throw .of(error)
        }
    }

    deinit {
        stop()
    }

    func submit<T: Sendable>(
        to queue: SQLiteQueue, _ lane: SQLLane, _ durability: SQLDurability,
        _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
        let deadline = ContinuousClock.now + options.deadline
        return try await withCheckedThrowingContinuation { caller in
            queue.submit(
                SQLiteRequest(lane: lane, durability: durability, deadline: deadline, caller: caller, body: body))
        }
    }

    func changeStamp() -> UInt64? {
        stamp.withLock { $0?.read() }
    }

    /// Ends all threads and waits for them.
    func close() async {
        stop()
        await withCheckedContinuation { caller in
            threads.notify(queue: .global()) { caller.resume() }
        }
        stamp.withLock { $0 = nil }
    }

    private func stop() {
        reads.close()
        writes.close()
        checkpointer.close()
        watchdog.signal()
    }
}

extension SQLiteEngine {
    private func start(writer: DatabaseQueue, checkpoints: DatabaseQueue) {
        let (writes, options, checkpointer) = (writes, options, checkpointer)
        thread("sqlite.write") {
            writer.inDatabase { database in
                do throws(SQLError) {
                    try SQLiteWriter(database, writes, options, checkpointer).run()
                } catch {
                    writes.close()
                    while let works = writes.take(upTo: 64) {
                        works.forEach {
                            writes.finished($0); $0.fail(error)
                        }
                    }
                }
            }
        }
        thread("sqlite.tidy") {
            checkpoints.inDatabase { database in
                _ = try? checkpointer.run(database)  // without it the writer keeps the log short by itself
            }
        }
    }

    private func startReaders(_ sources: [DatabaseQueue]) {
        let (reads, writes, watchdog) = (reads, writes, watchdog)
        let readers = sources.map { SQLiteReader($0, reads, options) }
        for (index, reader) in readers.enumerated() {
            thread("sqlite.read\(index)") { try? reader.run() }
        }
        thread("sqlite.watch") {
            while watchdog.wait(timeout: .now() + .milliseconds(250)) == .timedOut {
                let now = ContinuousClock.now
                reads.expire(now: now)
                writes.expire(now: now)
                for reader in readers { reader.expire(now: now) }
            }
        }
    }

    /// Starts a thread that the engine waits for when it is closed.
    private func thread(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let threads = threads
        threads.enter()
        let thread = Thread {
            body()
            threads.leave()
        }
        thread.name = name
        thread.start()
    }
}
