// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

/// The file of a SQLite database, and how connections to it are opened.
struct SQLiteFile: Sendable {
    let path: String
    let busyTimeout: Duration

    /// Creates an empty file that only its owner may read, durably. Does nothing when there is one.
    ///
    /// SQLite gives the log the same permissions; it does not flush the directory for the database file itself.
    func create() throws(SQLError) {
        try SQLitePlace.check(path)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return }
            throw SQLitePlace.failure("create", path)
        }
        Glibc.close(descriptor)
        try SQLitePlace.flush(directoryOf: path)
    }

    /// Opens one connection with everything that all connections need.
    func open(readOnly: Bool = false) throws(SQLError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        // Threads of ours own connections for ever, in and out of transactions.
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .callback(SQLiteBusyWait(limit: busyTimeout).wait)
        configuration.prepareDatabase { database in
            // A second process that opens the file at the same time makes this wait, by the busy callback.
            guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                throw SQLError.invalid("the file system cannot hold a database in WAL mode")
            }
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA cache_size = -4096")
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            if readOnly { try database.execute(sql: "PRAGMA query_only = ON") }
        }
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw .of(error)
        }
    }
}

/// Waits for other connections' locks with growing, random pauses.
///
/// `@unchecked Sendable`: each connection has its own, called by the thread that uses the connection.
private final class SQLiteBusyWait: @unchecked Sendable {
    private let limit: Duration
    private var end = ContinuousClock.now

    init(limit: Duration) {
        self.limit = limit
    }

    /// Called by SQLite with the number of calls before for the same lock.
    ///
    /// - Returns: Whether to try again.
    func wait(tries: Int) -> Bool {
        let now = ContinuousClock.now
        if tries == 0 { end = now + limit }
        guard now < end else { return false }
        usleep(.random(in: 200...(500 << min(UInt32(tries), 6))))
        return true
    }
}
