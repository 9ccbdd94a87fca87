// SPDX-License-Identifier: Apache-2.0

/// The embedded database: one file, written by one connection with group commit and read by several.
///
/// Other processes may use the same file at the same time. A value is a reference to the running database; when the last
/// one goes, the database is closed, as by ``close()`` but without waiting.
package struct SQLiteDatabase: SQLDatabase {
    package let dialect = SQLDialect.sqlite
    /// Where the file is.
    package let path: String
    private let engine: SQLiteEngine

    /// Opens the database at `path` and creates it when there is none.
    ///
    /// - Throws: ``SQLError/invalid(_:)`` when the path is on a network file system or the file is no database;
    ///   ``SQLError/unreachable(_:)`` or ``SQLError/full(_:)`` when it cannot be opened or created.
    package init(path: String, options: SQLiteOptions = SQLiteOptions()) throws(SQLError) {
        self.path = path
        engine = try SQLiteEngine(path: path, options: options)
    }

    package func read<T: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
        try await engine.submit(to: engine.reads, lane, .relaxed, body)
    }

    @discardableResult
    package func write<T: Sendable>(
        _ lane: SQLLane, _ durability: SQLDurability, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
        try await engine.submit(to: engine.writes, lane, durability, body)
    }

    package func changeStamp() -> UInt64? {
        engine.changeStamp()
    }

    package func close() async {
        await engine.close()
    }
}
