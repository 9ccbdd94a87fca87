// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// All that Haven remembers.
///
/// A value of this type opens transactions; what can be done inside is said by ``MetadataTransaction`` and its extensions.
package struct MetadataStore: Sendable {
    /// The database below, for those that must know it: the migrator, backup, health.
    package let database: any SQLDatabase
    private let retry: RetryPolicy

    package init(database: any SQLDatabase) {
        self.init(database: database, retry: RetryPolicy())
    }

    init(database: any SQLDatabase, retry: RetryPolicy) {
        self.database = database
        self.retry = retry
    }

    /// Runs `body` on one consistent state that includes every write that returned before this call.
    ///
    /// While a database server is away it is looked for a few seconds.
    package func read<T: Sendable>(
        _ lane: SQLLane = .pull, _ body: @escaping @Sendable (MetadataTransaction) throws -> T
    ) async throws -> T {
        try await retry.run(database.dialect) {
            try await database.read(lane) { try body(MetadataTransaction(sql: $0)) }
        }
    }

    /// Runs `body` and commits; repeats it while it meets conflicts, and for a few seconds while a database server is away,
    /// so it must be safe to run twice.
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
            database: database, lane: lane, durability: durability, settlement: settlement, body: body)
        do {
            return try await retry.run(database.dialect) { try await write.attempt() }
        } catch {
            throw write.final(error)
        }
    }

    /// Runs `body` once and commits: for callers that meet a conflict with something better than a repetition.
    ///
    /// - Throws: What `body` throws; ``SQLError``, conflicts among them.
    @discardableResult
    package func attempt<T: Sendable>(
        _ lane: SQLLane, _ durability: SQLDurability = .full,
        _ body: @escaping @Sendable (MetadataTransaction) throws -> T
    ) async throws -> T {
        try await database.write(lane, durability) { try body(MetadataTransaction(sql: $0)) }
    }

    /// A number that changes with every commit; see ``SQLDatabase/changeStamp()``.
    package func changeStamp() -> UInt64? {
        database.changeStamp()
    }
}
