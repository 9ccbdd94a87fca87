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

    @Test(
        "each file, loaded by the database's own client, makes what the migrations make",
        arguments: TestDatabase.allCases)
    func loaded(_ kind: TestDatabase) async throws {
        let migrated = try await kind.with { database in
            try await Migrator(database).migrate()
            return try await SchemaPicture.of(database)
        }
        let loaded = try await withLoaded(kind) { database in
            let status = try await Migrator(database).status()
            #expect(status.allSatisfy { $0.appliedAt != nil })
            try await #expect(Migrator(database).migrate().isEmpty)
            return try await SchemaPicture.of(database)
        }
        #expect(loaded == migrated)
        #expect(loaded.count > 15)
    }

    /// Runs `body` with a database into which an administrator has loaded the file of its dialect.
    private func withLoaded<T>(_ kind: TestDatabase, _ body: (any SQLDatabase) async throws -> T) async throws -> T {
        guard kind != .sqlite else {
            return try await kind.with { database in
                try await Self.execute(try String(contentsOf: Self.file(.sqlite), encoding: .utf8), in: database)
                return try await body(database)
            }
        }
        return try await kind.withServer { place in
            switch kind {
            case .postgresql: try await PostgreSQLServer.shared.load(Self.file(.postgresql).path, into: place)
            case .galera: try await GaleraCluster.shared.nodes[0].load(Self.file(.mariadb).path, into: place)
            default: try await MariaDBServer.shared.load(Self.file(.mariadb).path, into: place)
            }
            let database = try kind.open(place)
            let result = try await body(database)
            await database.close()
            return result
        }
    }

    /// What `sqlite3` does with a file.
    private static func execute(_ text: String, in database: any SQLDatabase) async throws {
        try await database.write(.administration, .full) { transaction in
            for statement in text.components(separatedBy: ";\n") {
                let body = statement.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: "\n")
                if !body.isEmpty { try transaction.run(SQLStatement(SQLFragment(raw: body))) }
            }
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

    private static func file(_ dialect: SQLDialect) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Schema/\(dialect.rawValue).sql")
    }
}
