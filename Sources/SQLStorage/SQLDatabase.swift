// SPDX-License-Identifier: Apache-2.0

/// A transaction under way. Its body is synchronous and runs on the connection's own thread: it cannot await, so it
/// cannot do network or blob I/O by accident. It must not leave the body.
///
/// After an error outside a savepoint the transaction is over: every later statement throws the same error, and it is
/// rolled back even if the body returns. (PostgreSQL and Galera work like that; all drivers behave alike.)
package protocol SQLTransaction {
    /// The dialect to write statements for.
    var dialect: SQLDialect { get }

    /// Runs a query and gives all its rows.
    func rows(_ statement: SQLStatement) throws(SQLError) -> [SQLRow]

    /// Runs a statement that changes something.
    ///
    /// - Returns: The number of rows inserted, updated or deleted.
    @discardableResult
    func run(_ statement: SQLStatement) throws(SQLError) -> Int

    /// Runs `body` so that an error thrown by it undoes its own changes only, and is thrown on.
    @discardableResult
    func savepoint<T>(_ body: () throws -> T) throws -> T
}

/// What a transaction is for. Lanes wait and are limited apart, so that none can starve another.
package enum SQLLane: Int, Sendable, CaseIterable {
    case pull, push, administration, jobs
}

/// When a finished write may still be lost.
package enum SQLDurability: Sendable {
    /// Never, once the call has returned.
    case full
    /// When the machine of this process loses its power, until any later ``full`` write; not when only this process dies.
    /// Never on a server: its crash leaves processes alive that go on from what it told them, and would meet numbers that
    /// were given out before.
    case relaxed
}

/// A database. Values of drivers are cheap to copy and safe to use from everywhere.
package protocol SQLDatabase: Sendable {
    /// The dialect its statements are written in.
    var dialect: SQLDialect { get }

    /// Runs `body` on one consistent state that includes every write that returned before this call.
    ///
    /// - Throws: What `body` throws, or ``SQLError``.
    func read<T: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T

    /// Runs `body` alone and commits, or rolls back when it throws. The body may run more than once.
    ///
    /// - Throws: What `body` throws, or ``SQLError``; after ``SQLError/outcomeUnknown(_:)`` the write may have happened,
    ///   after every other error it has not.
    @discardableResult
    func write<T: Sendable>(
        _ lane: SQLLane, _ durability: SQLDurability, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T

    /// A number that changes with every commit, by whichever process: what was read after taking a stamp is still true
    /// while the stamp is the same. Takes far less than a microsecond and never blocks.
    ///
    /// - Returns: nil when this database cannot tell; the caller must then read.
    func changeStamp() -> UInt64?

    /// Says that an answer is overdue. Whether the host that is used still lets sessions in is found out in the background;
    /// when another one serves instead, all go over to it, and what waits for the first one ends.
    func lookAround()

    /// Lets running transactions finish, refuses new ones, and releases everything.
    func close() async
}

extension SQLDatabase {
    package func lookAround() {}
}
