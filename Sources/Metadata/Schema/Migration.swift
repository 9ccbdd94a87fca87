// SPDX-License-Identifier: Apache-2.0

import Crypto
package import SQLStorage

/// One numbered step of the schema. Never edited after a release: its checksum is stored with every database.
package struct Migration: Sendable {
    /// Its place; the first is 1 and there are no gaps.
    package let number: Int
    /// What it is for, in a few words.
    package let title: String
    private let text: @Sendable (SQLDialect) -> [SQLStatement]

    /// Declares a migration: one change a step, which the previous release can live beside.
    ///
    /// On MariaDB a migration that was killed begins again from its first statement: tables and indexes begin with
    /// ``SQLStorage/SQLDialect/createTable`` and ``SQLStorage/SQLDialect/createIndex``, and other statements change nothing
    /// the second time.
    package init(_ number: Int, _ title: String, _ text: @escaping @Sendable (SQLDialect) -> [SQLStatement]) {
        self.number = number
        self.title = title
        self.text = text
    }

    /// The statements in order.
    package func statements(for dialect: SQLDialect) -> [SQLStatement] {
        text(dialect)
    }

    /// The SHA-256 of everything the migration says in one dialect, in hexadecimal.
    package func checksum(for dialect: SQLDialect) -> String {
        var hash = SHA256()
        hash.update(data: Array("\(number) \(title)".utf8))
        for statement in statements(for: dialect) {
            hash.update(data: Array("\n;\(statement.text)".utf8))
        }
        return hash.finalize().map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}

extension [Migration] {
    /// All migrations of this release, in order.
    package static var released: [Migration] {
        [.firstSchema, .nodes, .nodeDrains]
    }

    /// The schema that they make together, as a file to read, and to load into an empty database with the database's own
    /// client: Haven then finds it migrated.
    package func schema(for dialect: SQLDialect) -> String {
        let first = [SchemaLedger.table(dialect)] + (dialect == .mariadb ? [MigrationLease.table] : [])
        let statements = first + flatMap { $0.statements(for: dialect) } + map { SchemaLedger.row(of: $0, dialect) }
        return "-- The schema of a \(dialect.rawValue) database. Written by the migrations; a test holds them equal.\n"
            + statements.map { "\n\($0.text);\n" }.joined()
    }
}
