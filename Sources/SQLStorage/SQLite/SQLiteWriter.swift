// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The one connection that writes, on its own thread: group commit.
///
/// Everything that waits is run in one SQLite transaction, each body in its own savepoint, committed once, and only then
/// answered. While the disk flushes one group, the next one gathers; a client alone never waits for another.
final class SQLiteWriter {
    private let connection: SQLiteConnection
    private let queue: SQLiteQueue
    private let options: SQLiteOptions
    private let checkpointer: SQLiteCheckpointer
    private let pages = SQLitePageCounter()
    private let clock = ContinuousClock()
    /// What the connection is set to; SQLite starts a connection with full.
    private var durability = SQLDurability.full
    /// Why nothing is written any more. After a failed flush the log's earlier pages may be lost although a later flush
    /// succeeds, so no later commit could be believed.
    private var broken: SQLError?

    init(_ database: Database, _ queue: SQLiteQueue, _ options: SQLiteOptions, _ checkpointer: SQLiteCheckpointer)
        throws(SQLError)
    {
        connection = try SQLiteConnection(database)
        self.queue = queue
        self.options = options
        self.checkpointer = checkpointer
        try connection.execute("PRAGMA synchronous = FULL")
        connection.countPages(with: pages)
    }

    /// Works until the queue is closed and empty.
    func run() {
        while let group = queue.take(upTo: options.groupLimit) {
            commit(group)
            tidy()
        }
    }

    /// Runs `group`, as far as its time allows, in one transaction and answers it.
    private func commit(_ group: [SQLiteWork]) {
        if let broken { return answer(group) { $0.fail(broken) } }
        let started = clock.now
        var waiting = group
        var done: [SQLiteWork] = []
        do throws(SQLError) {
            try begin(durable: group.contains { $0.durability == .full })
        } catch {
            return answer(group) { $0.fail(error) }
        }
        while let work = next(&waiting, started: started, done: done.count) {
            do {
                guard work.deadline > started else {
                    throw SQLError.timeout("the writer was busy until the deadline")
                }
                try perform(work, after: done)
                done.append(work)
            } catch {
                answer([work]) { $0.fail(error) }
                // A full disk or an interrupt undoes everything: nothing of this group has happened, so the others run again.
                guard connection.isInTransaction else { return queue.giveBack(done + waiting) }
            }
        }
        queue.giveBack(waiting)
        commit(done: done)
    }

    /// The next piece of the group, or of what came meanwhile: it is in time for this group's flush.
    private func next(_ waiting: inout [SQLiteWork], started: ContinuousClock.Instant, done: Int) -> SQLiteWork? {
        guard clock.now - started < options.groupTime else { return nil }
        // What is durable in full must not join a group that is not flushed.
        if waiting.isEmpty, durability == .full {
            waiting = queue.takeMore(upTo: options.groupLimit - done)
        }
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Commits what was run and answers it.
    private func commit(done: [SQLiteWork]) {
        do throws(SQLError) {
            try connection.run("COMMIT")
            answer(done) { $0.succeed() }
        } catch {
            _ = try? connection.run("ROLLBACK")  // fails when SQLite has done it already
            answer(done) { $0.fail(outcome(ofFailedCommit: error)) }
        }
    }

    /// What reached the log before its flush failed may be found there after a crash, so nobody can say what happened.
    private func outcome(ofFailedCommit error: SQLError) -> SQLError {
        guard case .unreachable(let cause) = error else { return error }
        broken = .unreachable("the disk reported an error while it flushed; repair it and restart: \(cause)")
        return .outcomeUnknown(cause)
    }

    /// The first body needs no savepoint: when it fails, the transaction is begun anew.
    private func perform(_ work: SQLiteWork, after done: [SQLiteWork]) throws {
        let transaction = SQLiteTransaction(connection)
        if !done.isEmpty {
            return try transaction.savepoint {
                try work.perform(transaction)
            }
        }
        do {
            try work.perform(transaction)
            try transaction.end()
        } catch {
            if connection.isInTransaction {
                try connection.run("ROLLBACK")
                try connection.run("BEGIN IMMEDIATE")
            }
            throw error
        }
    }

    /// Waits for other processes' writes inside SQLite, as long as the busy timeout allows.
    private func begin(durable: Bool) throws(SQLError) {
        let wanted: SQLDurability = durable ? .full : .relaxed
        if wanted != durability {
            try connection.execute("PRAGMA synchronous = \(durable ? "FULL" : "NORMAL")")
            durability = wanted
        }
        try connection.run("BEGIN IMMEDIATE")
    }

    private func answer(_ works: [SQLiteWork], _ answer: (SQLiteWork) -> Void) {
        for work in works {
            queue.finished(work)
            answer(work)
        }
    }

    /// Keeps the log short: beside the writer as a rule, in its own thread when that is not enough.
    private func tidy() {
        if pages.pages >= options.checkpointPagesAtMost {
            pages.pages = 0
            checkpointer.checkpoint(connection)
        } else if pages.pages >= options.checkpointPages {
            checkpointer.wake()
        }
    }
}
