// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// A database's tables, columns, keys and indexes as the database itself tells of them, to compare.
enum SchemaPicture {
    static func of(_ database: any SQLDatabase) async throws -> [String] {
        try await database.read(.administration) { transaction in
            switch transaction.dialect {
            case .sqlite:
                try transaction.rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
                    .map { $0.text(0) }
            case .postgresql: try postgreSQL(transaction)
            case .mariadb: try mariaDB(transaction)
            }
        }
    }

    private static func postgreSQL(_ transaction: any SQLTransaction) throws -> [String] {
        let columns = try transaction.rows(
            """
            SELECT CONCAT_WS(' ', table_name, ordinal_position, column_name, data_type, character_maximum_length,
                collation_name, is_nullable, column_default)
            FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position
            """)
        let indexes = try transaction.rows(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY indexname")
        let keys = try transaction.rows(
            """
            SELECT CONCAT_WS(' ', CAST(conrelid::regclass AS TEXT), conname, pg_get_constraintdef(oid)) FROM pg_constraint
            WHERE connamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) ORDER BY 1
            """)
        return (columns + indexes + keys).map { $0.text(0) }
    }

    private static func mariaDB(_ transaction: any SQLTransaction) throws -> [String] {
        let tables = try transaction.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name")
        return try tables.map { table in
            try transaction.rows(SQLStatement(SQLFragment(raw: "SHOW CREATE TABLE \(table.text(0))")))[0].text(1)
        }
    }
}
