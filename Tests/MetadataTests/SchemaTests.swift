// SPDX-License-Identifier: Apache-2.0

import Foundation
import Metadata
import SQLStorage
import TestKit
import Testing

@Suite("The schema files show what the migrations make")
struct SchemaTests {
    @Test("each file equals its dialect's migrations", arguments: SQLDialect.allCases)
    func golden(_ dialect: SQLDialect) throws {
        let expected = [Migration].released.schema(for: dialect)
        let file = Self.file(dialect)
        if ProcessInfo.processInfo.environment["HAVEN_UPDATE_GOLDEN"] != nil {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try expected.write(to: file, atomically: true, encoding: .utf8)
        }
        let shown = try String(contentsOf: file, encoding: .utf8)
        #expect(
            shown == expected, "run HAVEN_UPDATE_GOLDEN=1 swift test --filter SchemaTests and look at the difference")
    }

    @Test("the SQLite file, executed, makes the same database as the migrations")
    func executed() async throws {
        try await withTemporaryFolder { folder in
            let migrated = try SQLiteDatabase(path: "\(folder)/migrated.db")
            try await Migrator(migrated).migrate()
            let executed = try SQLiteDatabase(path: "\(folder)/executed.db")
            let text = try String(contentsOf: Self.file(.sqlite), encoding: .utf8)
            try await executed.write(.administration, .full) { transaction in
                for statement in text.components(separatedBy: ";\n") where statement.contains("CREATE") {
                    let body = statement.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: "\n")
                    try transaction.run(SQLStatement(SQLFragment(raw: body)))
                }
            }
            let tables = try await schema(of: migrated)
            #expect(tables == (try await schema(of: executed)))
            #expect(tables.count > 30)
            await migrated.close()
            await executed.close()
        }
    }

    @Test("no foreign key cascades, and each is served by an index on both sides")
    func foreignKeys() async throws {
        try await withMetadata { store in
            let rows = try await store.database.read(.administration) { tx in
                try tx.rows(
                    """
                    SELECT t.name, f."table", f."from", f.on_delete FROM sqlite_schema t
                    JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' AND f.seq = 0
                    """)
            }
            #expect(rows.count > 15)
            for row in rows {
                #expect(row.text(3) == "NO ACTION")
                let plan = try await store.database.read(.administration) { tx in
                    try tx.rows(
                        SQLStatement(
                            SQLFragment(
                                raw: "EXPLAIN QUERY PLAN SELECT 1 FROM \(row.text(0)) WHERE \(row.text(2)) = 'x'")))
                }
                #expect(plan[0].text(3).hasPrefix("SEARCH"), "\(row.text(0)).\(row.text(2)) is searched by a scan")
            }
        }
    }

    private func schema(of database: SQLiteDatabase) async throws -> [String] {
        try await database.read(.administration) {
            try $0.rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").map { $0.text(0) }
        }
    }

    private static func file(_ dialect: SQLDialect) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Schema/\(dialect.rawValue).sql")
    }
}

/// Runs `body` with a new, migrated SQLite database.
func withMetadata<T>(_ body: (MetadataStore) async throws -> T) async throws -> T {
    try await withTemporaryFolder { folder in
        let database = try SQLiteDatabase(path: "\(folder)/haven.db")
        try await Migrator(database).migrate()
        let result = try await body(MetadataStore(database: database))
        await database.close()
        return result
    }
}
