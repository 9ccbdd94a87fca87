// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization

/// One connection that reads, on its own thread.
final class SQLiteReader: Sendable {
    private let source: DatabaseQueue
    private let queue: SQLiteQueue
    /// When the running transaction must have ended; nil between transactions. The lock is held while an interrupt is
    /// sent, so that it cannot hit the transaction after the one it was meant for.
    private let limit = Mutex<ContinuousClock.Instant?>(nil)
    private let options: SQLiteOptions

    init(_ source: DatabaseQueue, _ queue: SQLiteQueue, _ options: SQLiteOptions) {
        self.source = source
        self.queue = queue
        self.options = options
    }

    /// Works until the queue is closed and empty.
    func run() throws(SQLError) {
        try source.work { connection in
            let clock = ContinuousClock()
            while let work = queue.take(upTo: 1)?.first {
                let started = clock.now
                limit.withLock { $0 = started + timeAllowed(in: work.lane) }
                let outcome = Result { try read(work, connection, now: started) }
                limit.withLock { $0 = nil }
                queue.finished(work)
                switch outcome {
                case .success: work.succeed()
                case .failure(let error): work.fail(error)
                }
            }
        }
    }

    /// Interrupts a transaction that has run too long.
    func expire(now: ContinuousClock.Instant) {
        limit.withLock { if let end = $0, end <= now { source.interrupt() } }
    }

    private func timeAllowed(in lane: SQLLane) -> Duration {
        switch lane {
        case .pull, .push: options.transactionLimit
        case .administration, .jobs: options.longTransactionLimit
        }
    }

    private func read(_ work: SQLiteWork, _ connection: SQLiteConnection, now: ContinuousClock.Instant) throws {
        guard work.deadline > now else { throw SQLError.timeout("all readers were busy until the deadline") }
        let transaction = SQLiteTransaction(connection)
        try connection.run("BEGIN")
        defer { if connection.isInTransaction { _ = try? connection.run("ROLLBACK") } }
        try work.perform(transaction)
        try transaction.end()
    }
}

extension DatabaseQueue {
    /// Runs `body` with this connection on the calling thread, which owns it meanwhile.
    func work(_ body: (SQLiteConnection) throws(SQLError) -> Void) throws(SQLError) {
        let outcome: Result<Void, SQLError> = inDatabase { database in
            Result { () throws(SQLError) in
                let connection = try SQLiteConnection(database)
                defer { connection.removeStatements() }
                try body(connection)
            }
        }
        try outcome.get()
    }
}
