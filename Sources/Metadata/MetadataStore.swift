// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// All that Haven remembers.
///
/// A value of this type opens transactions; what can be done inside is said by ``MetadataTransaction`` and its extensions.
package struct MetadataStore: Sendable {
    /// The database below, for those that must know it: the migrator, backup, health.
    package let database: any SQLDatabase
    /// Knows when the database is away; nil where it cannot be, as the embedded one.
    package let watch: DatabaseWatch?
    /// The time of the nodes.
    package let clock: ClusterClock
    private let retry: RetryPolicy
    private let slot: Int64

    /// - Parameters:
    ///   - node: The name of this node; nodes of other names charge other rows.
    ///   - watch: Keeps pulls from waiting for a database that is away.
    ///   - clock: The time of the nodes.
    package init(
        database: any SQLDatabase, node: String = "", watch: DatabaseWatch? = nil, clock: ClusterClock = ClusterClock()
    ) {
        self.init(database: database, node: node, watch: watch, clock: clock, retry: RetryPolicy())
    }

    init(
        database: any SQLDatabase, node: String = "", watch: DatabaseWatch? = nil,
        clock: ClusterClock = ClusterClock(), retry: RetryPolicy
    ) {
        self.database = database
        self.watch = watch
        self.clock = clock
        self.retry = retry
        slot = node.isEmpty ? 0 : MetadataTransaction.slot(ofNode: node)
    }

    /// Runs `body` on one consistent state that includes every write that returned before this call.
    ///
    /// While a database server is away it is looked for a few seconds; with a ``DatabaseWatch`` that knows of an outage nobody
    /// looks, and pulls wait no longer than its limit.
    ///
    /// - Throws: What `body` throws, or ``SQLError``.
    package func read<T: Sendable>(
        _ lane: SQLLane = .pull, _ body: @escaping @Sendable (MetadataTransaction) throws -> T
    ) async throws -> T {
        guard let watch else { return try await readPatiently(lane, body) }
        switch lane {
        case .pull: return try await watch.pull { try await readPatiently(lane, body) }
        case .push: return try await watch.holding { try await readAdmitted(lane, body) }
        case .administration, .jobs: return try await readAdmitted(lane, body)
        }
    }

    private func readAdmitted<T: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (MetadataTransaction) throws -> T
    ) async throws -> T {
        try watch?.admit()
        return try await readPatiently(lane, body)
    }

    private func readPatiently<T: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (MetadataTransaction) throws -> T
    ) async throws -> T {
        var retry = retry
        // The watch tries again by itself, and decides when it is enough.
        if lane == .pull, watch != nil { retry.absence = .zero }
        return try await retry.run(database.dialect) {
            try await database.read(lane) { [slot] in try body(MetadataTransaction(sql: $0, slot: slot)) }
        }
    }

    /// Runs `body` and commits; repeats it while it meets conflicts, and for a few seconds while a database server is away, in the
    /// lane of pushes for as long as the ``DatabaseWatch`` says, so it must be safe to run twice.
    ///
    /// Nothing outside the database may happen in `body`: metrics, wake-ups and cache writes follow the return.
    ///
    /// - Parameter settlement: What to do when the connection is lost during the commit.
    /// - Throws: What `body` throws; ``SQLError/conflict(_:)`` or ``MetadataError/raced(_:)`` when ten seconds of
    ///   repeating were not enough; ``SQLError/outcomeUnknown(_:)`` when the write may have happened; any other
    ///   ``SQLError`` when nothing has.
    @discardableResult
    package func write<T: Sendable>(
        _ lane: SQLLane = .push, _ durability: SQLDurability = .full, unknown settlement: Settlement = .surfaces,
        _ body: @escaping @Sendable (MetadataTransaction) throws -> T
    ) async throws -> T {
        let write = SettledWrite(
            database: database, lane: lane, durability: durability, slot: slot, settlement: settlement, body: body)
        let attempt: () async throws -> T = {
            try watch?.admit()
            return try await retry.run(database.dialect) { try await write.attempt() }
        }
        do {
            guard lane == .push, let watch else { return try await attempt() }
            return try await watch.holding(attempt)
        } catch {
            noteFull(error)
            throw write.final(error)
        }
    }

    /// The disk of a database that is full is told by writes of some size, and by them alone.
    private func noteFull(_ error: any Error) {
        if case SQLError.full = error { watch?.note(.noRoom) }
    }

    /// Runs `body` once and commits: for callers that meet a conflict with something better than a repetition.
    ///
    /// - Throws: What `body` throws; ``SQLError``, conflicts among them.
    @discardableResult
    package func attempt<T: Sendable>(
        _ lane: SQLLane, _ durability: SQLDurability = .full,
        _ body: @escaping @Sendable (MetadataTransaction) throws -> T
    ) async throws -> T {
        try watch?.admit()
        do {
            return try await database.write(lane, durability) { [slot] in
                try body(MetadataTransaction(sql: $0, slot: slot))
            }
        } catch {
            noteFull(error)
            throw error
        }
    }

    /// Runs a read again that failed because the database was away, when that has come back in time.
    ///
    /// For pulls of what this node has never read: nobody can say whether it exists, and clients give up at the first 503.
    ///
    /// - Throws: `failure` when the database stays away for longer than a node waits; what `work` throws.
    package func whenBack<T: Sendable>(
        after failure: SQLError, _ work: () async throws -> T
    ) async throws -> T {
        guard let watch, failure.isAbsence, await watch.hold(since: .now) else { throw failure }
        return try await watch.holding(work)
    }

    /// Writes a node's beat. It is also the probe that tells whether the database takes writes.
    ///
    /// - Throws: ``SQLError``; nothing is repeated, the next beat comes anyway.
    package func beat(_ node: NodeBeat) async throws {
        let beat: @Sendable () async throws -> Void = {
            // In the lane of pushes: that is the one whose health is asked for, and what hangs there ends soonest.
            try await database.write(.push, .full) { try MetadataTransaction(sql: $0).beat(node) }
        }
        do {
            if let watch { try await watch.probe(beat) } else { try await beat() }
        } catch SQLError.timeout(let cause) {
            database.lookAround()
            throw SQLError.timeout(cause)
        }
    }

    /// A number that changes with every commit; see ``SQLDatabase/changeStamp()``.
    package func changeStamp() -> UInt64? {
        database.changeStamp()
    }
}
