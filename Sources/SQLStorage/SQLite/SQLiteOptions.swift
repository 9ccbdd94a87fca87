// SPDX-License-Identifier: Apache-2.0

/// The limits of a SQLite database.
package struct SQLiteOptions: Sendable {
    /// How many connections read; each has a thread.
    package var readers = 4
    /// How long a transaction waits for another process's write before it is a ``SQLError/conflict(_:)``.
    package var busyTimeout: Duration = .seconds(5)
    /// How long a transaction may wait for a thread before it is a ``SQLError/timeout(_:)``.
    package var deadline: Duration = .seconds(10)
    /// How long a reading transaction of a pull or push may run before it is interrupted.
    package var transactionLimit: Duration = .seconds(30)
    /// The same for administration and jobs, whose statements may walk over whole tables.
    package var longTransactionLimit: Duration = .seconds(600)
    /// How many transactions may wait in one lane before ``SQLError/overloaded(_:)``.
    package var waitingLimit = 4096
    /// How many waiting transactions share one commit at most.
    package var groupLimit = 64
    /// How long a group may grow before it is committed.
    package var groupTime: Duration = .milliseconds(10)
    /// After how many pages in the log they are moved to the database file beside running work.
    package var checkpointPages = 1000
    /// After how many pages in the log the writer moves them itself, so that the log cannot grow for ever.
    package var checkpointPagesAtMost = 16_384

    package init() {}
}
