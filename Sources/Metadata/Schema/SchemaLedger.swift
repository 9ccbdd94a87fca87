// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// The table that says which migrations a database has.
enum SchemaLedger {
    static let name = "schema_migrations"

    struct Row: Sendable {
        let number: Int
        let title: String
        let checksum: String
        let appliedAt: Int64
    }

    static func table(_ dialect: SQLDialect) -> SQLStatement {
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            number \(dialect.integerType) NOT NULL PRIMARY KEY,
            title \(dialect.longText) NOT NULL,
            checksum \(dialect.keyType(64)) NOT NULL,
            applied_at \(dialect.integerType) NOT NULL
        )\(dialect.tableOptions(clustered: false))
        """
    }

    /// Says that a migration is applied.
    ///
    /// The values are in the text, so that the statement can be printed; they are numbers and words of this program.
    static func row(of migration: Migration, _ dialect: SQLDialect) -> SQLStatement {
        let title = migration.title.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        let values = "\(migration.number), '\(title)', '\(migration.checksum(for: dialect))'"
        return """
            INSERT INTO schema_migrations (number, title, checksum, applied_at)
            VALUES (\(SQLFragment(raw: values)), \(dialect.now))
            """
    }

    /// What is applied, in order; nothing in a database without the table.
    static func rows(_ transaction: any SQLTransaction) throws -> [Row] {
        guard try tables(transaction).contains(name) else { return [] }
        return try transaction.rows("SELECT number, title, checksum, applied_at FROM schema_migrations ORDER BY number")
            .map {
                Row(number: Int($0.integer(0)), title: $0.text(1), checksum: $0.text(2), appliedAt: $0.integer(3))
            }
    }

    /// The names of all tables of the database, in order.
    static func tables(_ transaction: any SQLTransaction) throws -> [String] {
        let statement: SQLStatement =
            switch transaction.dialect {
            case .sqlite: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
            case .postgresql: "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
            case .mariadb:
                """
                SELECT table_name FROM information_schema.tables
                WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name
                """
            }
        return try transaction.rows(statement).map { $0.text(0) }
    }
}
