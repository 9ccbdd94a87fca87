// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// Brings a database to the schema of this release.
///
/// Migrations are applied one by one, each in a transaction with its row in `schema_migrations`, under a lock: of several
/// nodes that start together one migrates and the others find it done. Running it again changes nothing.
///
/// Every migration can live beside the release before it, so a database that is one migration ahead is served: that is how
/// nodes are upgraded one after the other. One that is further ahead is refused.
package struct Migrator: Sendable {
    private let database: any SQLDatabase
    private let migrations: [Migration]

    package init(_ database: any SQLDatabase, migrations: [Migration] = .released) {
        self.database = database
        self.migrations = migrations
    }

    /// One migration and when it was applied here.
    package struct Status: Sendable, Equatable {
        package let number: Int
        package let title: String
        /// Microseconds since 1970 by the database's clock; nil when it is still to come.
        package let appliedAt: Int64?
    }

    /// Which migrations are applied. Changes nothing, also in an empty database.
    ///
    /// - Throws: ``MetadataError/newerSchema(number:title:)`` and ``MetadataError/changedMigration(number:applied:expected:)``.
    package func status() async throws -> [Status] {
        try await database.read(.administration) { transaction in
            try status(transaction)
        }
    }

    /// Applies what is missing. A SQLite database that holds an older schema is copied aside first, next to its file.
    ///
    /// - Returns: The migrations that this call applied.
    /// - Throws: ``MetadataError/newerSchema(number:title:)`` and ``MetadataError/changedMigration(number:applied:expected:)``,
    ///   before anything is changed; ``SQLError`` when a statement fails, which undoes its migration.
    @discardableResult
    package func migrate() async throws -> [Migration] {
        let before = try await status()
        guard before.contains(where: { $0.appliedAt == nil }) else { return [] }
        if before.contains(where: { $0.appliedAt != nil }) { try await copyAside() }
        var applied: [Migration] = []
        for migration in migrations where try await apply(migration) {
            applied.append(migration)
        }
        return applied
    }

    /// Applies one migration unless another process was faster.
    private func apply(_ migration: Migration) async throws -> Bool {
        try await database.write(.administration, .full) { transaction in
            try lock(transaction)
            guard try status(transaction).contains(where: { $0.number == migration.number && $0.appliedAt == nil })
            else { return false }
            for statement in migration.statements(for: transaction.dialect) {
                try transaction.run(statement)
            }
            try transaction.run(
                """
                INSERT INTO schema_migrations (number, title, checksum, applied_at)
                VALUES (\(migration.number), \(migration.title), \(migration.checksum(for: transaction.dialect)),
                    \(transaction.dialect.now))
                """)
            return true
        }
    }

    /// SQLite's write transaction is the lock, and PostgreSQL's lock ends with the transaction. On MariaDB each statement
    /// that changes a table commits by itself, so the lock belongs to the connection.
    private func lock(_ transaction: any SQLTransaction) throws {
        try transaction.run(Self.ledger(transaction.dialect))
        switch transaction.dialect {
        case .sqlite: break
        case .postgresql: try transaction.run("LOCK TABLE schema_migrations IN EXCLUSIVE MODE")
        case .mariadb:
            guard try transaction.rows("SELECT GET_LOCK('haven.schema', 30)")[0].optionalInteger(0) == 1 else {
                throw SQLError.conflict("another node migrates")
            }
        }
    }

    private func status(_ transaction: any SQLTransaction) throws -> [Status] {
        let applied = try rows(transaction)
        for row in applied {
            guard let known = migrations.first(where: { $0.number == row.integer(0) }) else {
                if Int(row.integer(0)) == migrations.count + 1 { continue }
                throw MetadataError.newerSchema(number: Int(row.integer(0)), title: row.text(1))
            }
            let expected = known.checksum(for: transaction.dialect)
            guard row.text(2) == expected else {
                throw MetadataError.changedMigration(number: known.number, applied: row.text(2), expected: expected)
            }
        }
        return migrations.map { migration in
            let row = applied.first { $0.integer(0) == migration.number }
            return Status(number: migration.number, title: migration.title, appliedAt: row?.integer(3))
        }
    }

    private func rows(_ transaction: any SQLTransaction) throws -> [SQLRow] {
        guard try hasLedger(transaction) else { return [] }
        return try transaction.rows("SELECT number, title, checksum, applied_at FROM schema_migrations ORDER BY number")
    }

    private func hasLedger(_ transaction: any SQLTransaction) throws -> Bool {
        let tables: SQLStatement =
            switch transaction.dialect {
            case .sqlite: "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'"
            case .postgresql: "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL"
            case .mariadb:
                """
                SELECT 1 FROM information_schema.tables
                WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'
                """
            }
        return try !transaction.rows(tables).isEmpty
    }

    /// A copy of an earlier attempt is replaced: that attempt changed nothing, and the database may have served since.
    private func copyAside() async throws {
        guard let file = database as? SQLiteDatabase else { return }
        let applied = try await database.read(.administration) { transaction in
            try transaction.rows("SELECT MAX(number) FROM schema_migrations")[0].integer(0)
        }
        try await file.backup(to: "\(file.path).schema-\(applied)", replacing: true)
    }

    /// The table that says what was applied.
    static func ledger(_ dialect: SQLDialect) -> SQLStatement {
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            number \(dialect.integerType) NOT NULL PRIMARY KEY,
            title \(dialect.longText) NOT NULL,
            checksum \(dialect.keyType(64)) NOT NULL,
            applied_at \(dialect.integerType) NOT NULL
        )\(dialect.tableOptions(clustered: false))
        """
    }
}
