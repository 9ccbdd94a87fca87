// SPDX-License-Identifier: Apache-2.0

/// What differs between the three kinds of database, so that one text serves them all.
package enum SQLDialect: String, Sendable, CaseIterable {
    case sqlite
    case postgresql
    case mariadb

    /// The database's own clock in microseconds since 1970 (UTC), read while the statement runs.
    ///
    /// SQLite knows milliseconds only, and reads its clock once per statement.
    package var now: SQLFragment {
        switch self {
        case .sqlite: "(CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000)"
        case .postgresql: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
        case .mariadb: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))"
        }
    }

    /// A short ASCII column compared byte by byte, fit for keys: ids, digests, names.
    ///
    /// - Parameter length: The longest value in bytes.
    package func keyType(_ length: Int) -> SQLFragment {
        switch self {
        case .sqlite: "TEXT"
        case .postgresql: SQLFragment(raw: "VARCHAR(\(length)) COLLATE \"C\"")
        case .mariadb: SQLFragment(raw: "VARCHAR(\(length)) CHARACTER SET ascii COLLATE ascii_nopad_bin")
        }
    }

    /// A short Unicode column compared byte by byte, fit for keys that people choose, such as user names.
    ///
    /// - Parameter length: The longest value in characters, at most 700 (MariaDB's index limit).
    package func unicodeKeyType(_ length: Int) -> SQLFragment {
        switch self {
        case .sqlite: "TEXT"
        case .postgresql: SQLFragment(raw: "VARCHAR(\(length)) COLLATE \"C\"")
        case .mariadb: SQLFragment(raw: "VARCHAR(\(length)) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
        }
    }

    /// A signed 64-bit number: sizes in bytes, times in microseconds, counters, flags.
    package var integerType: SQLFragment {
        switch self {
        case .sqlite: "INTEGER"
        case .postgresql, .mariadb: "BIGINT"
        }
    }

    /// Bytes of up to 16 MiB.
    package var bytesType: SQLFragment {
        switch self {
        case .sqlite: "BLOB"
        case .postgresql: "BYTEA"
        case .mariadb: "MEDIUMBLOB"
        }
    }

    /// Unicode text of any length that no index covers.
    package var longText: SQLFragment {
        switch self {
        case .sqlite, .postgresql: "TEXT"
        case .mariadb: "MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
        }
    }

    /// The beginning of a statement that makes a table. MariaDB commits each such statement by itself, so one of an earlier
    /// attempt may be there.
    package var createTable: SQLFragment { self == .mariadb ? "CREATE TABLE IF NOT EXISTS" : "CREATE TABLE" }

    /// The beginning of a statement that makes an index; see ``createTable``.
    package var createIndex: SQLFragment { self == .mariadb ? "CREATE INDEX IF NOT EXISTS" : "CREATE INDEX" }

    /// The name of a column that MariaDB takes for a word of its own.
    package func column(_ name: StaticString) -> SQLFragment {
        self == .mariadb ? SQLFragment(raw: "`\(name)`") : SQLFragment(raw: "\(name)")
    }

    /// What stands after the closing parenthesis of `CREATE TABLE`.
    ///
    /// - Parameter clustered: Whether the rows are small and found by their primary key only, so that SQLite should keep
    ///   them in that key's own tree; the others do so anyway (MariaDB) or never (PostgreSQL).
    package func tableOptions(clustered: Bool) -> SQLFragment {
        switch self {
        case .sqlite: clustered ? " STRICT, WITHOUT ROWID" : " STRICT"
        case .postgresql: ""
        case .mariadb: " ENGINE=InnoDB ROW_FORMAT=DYNAMIC"
        }
    }

    /// The end of an `INSERT` that leaves a row with the same key alone and then counts 0 rows.
    ///
    /// An `INSERT … SELECT` needs a `WHERE` before it, or SQLite takes `ON` for a join.
    package func keepExisting(_ primaryKeyColumn: String) -> SQLFragment {
        switch self {
        case .sqlite, .postgresql: "ON CONFLICT DO NOTHING"
        case .mariadb: SQLFragment(raw: "ON DUPLICATE KEY UPDATE \(primaryKeyColumn) = \(primaryKeyColumn)")
        }
    }
}
