// SPDX-License-Identifier: Apache-2.0

import Foundation
package import SQLStorage
package import Testing

/// What every SQL driver promises, whichever database is behind it.
package enum SQLDatabaseContract {
    /// All promises; each is checked on an empty database of its own.
    package static var clauses: [Clause<any SQLDatabase>] {
        values + errors + transactions + concurrency
    }

    private static var values: [Clause<any SQLDatabase>] {
        [
            Clause("values of every kind come back as they went in") { database in
                try await makeItems(database)
                let text = "naïve 中文 👍 'quoted' \"twice\" ; -- ?"
                let bytes = (0...255).map { UInt8($0) }
                try await database.write(.push, .full) { tx in
                    try tx.run("INSERT INTO items (id, n, note, data) VALUES ('a', \(Int64.max), \(text), \(bytes))")
                    try tx.run("INSERT INTO items (id, n, note, data) VALUES ('b', \(Int64.min), '', \([UInt8]()))")
                    try tx.run(
                        "INSERT INTO items (id, n, note, data) VALUES ('c', 0, \(String?.none), \([UInt8]?.none))")
                }
                let rows = try await database.read(.pull) {
                    try $0.rows("SELECT n, note, data FROM items ORDER BY id")
                }
                #expect(rows[0] == SQLRow([.integer(.max), .text(text), .blob(bytes)]))
                #expect(rows[1] == SQLRow([.integer(.min), .text(""), .blob([])]))
                #expect(rows[2] == SQLRow([.integer(0), .null, .null]))
            },
            Clause("keys are ordered and compared byte by byte") { database in
                try await makeItems(database)
                let keys = ["B", "_", "a", "-", "A", "z", "0"]
                try await database.write(.push, .full) { tx in
                    for key in keys { try tx.run("INSERT INTO items (id, n) VALUES (\(key), 1)") }
                }
                let sorted = try await database.read(.pull) {
                    try $0.rows("SELECT id FROM items ORDER BY id").map { $0.text(0) }
                }
                #expect(sorted == ["-", "0", "A", "B", "_", "a", "z"])
            },
            Clause("a fragment brings its text and its values") { database in
                try await makeItems(database)
                try await database.write(.push, .full) { tx in
                    for n in 1...5 { try tx.run("INSERT INTO items (id, n) VALUES (\("k\(n)"), \(n))") }
                }
                let found = try await database.read(.pull) { tx in
                    let among = SQLFragment.list([1, 3, 5])
                    let filters: [SQLFragment] = ["n IN (\(among))", "id > \("k1")"]
                    return try tx.rows(
                        "SELECT n FROM items WHERE \(filters.joined(separator: " AND ")) AND n < \(5) ORDER BY n")
                }
                #expect(found.map { $0.integer(0) } == [3])
            },
            Clause("the number of changed rows is told") { database in
                try await makeItems(database)
                try await database.write(.push, .full) { tx in
                    try #expect(tx.run("INSERT INTO items (id, n) VALUES ('a', 1), ('b', 1), ('c', 2)") == 3)
                    try #expect(tx.run("UPDATE items SET n = n + 1 WHERE n = 1") == 2)
                    try #expect(tx.run("DELETE FROM items WHERE n = 7") == 0)
                }
            },
            Clause("an insert that keeps what exists changes nothing and counts no row") { database in
                try await makeItems(database)
                try await database.write(.push, .full) { tx in
                    let keep = tx.dialect.keepExisting("id")
                    try #expect(tx.run("INSERT INTO items (id, n) VALUES ('a', 1) \(keep)") == 1)
                    try #expect(tx.run("INSERT INTO items (id, n) VALUES ('a', 2) \(keep)") == 0)
                    try #expect(tx.rows("SELECT n FROM items")[0].integer(0) == 1)
                }
            },
            Clause("the clock of the database counts microseconds since 1970") { database in
                let now = try await database.read(.pull) { try $0.rows("SELECT \($0.dialect.now)")[0].integer(0) }
                let here = Int64(Date().timeIntervalSince1970 * 1_000_000)
                #expect(abs(now - here) < 60_000_000)
            },
        ]
    }

    private static var errors: [Clause<any SQLDatabase>] {
        [
            Clause("a second row with the same key is a duplicate") { database in
                try await makeItems(database)
                try await database.write(.push, .full) { try $0.run("INSERT INTO items (id, n) VALUES ('a', 1)") }
                await expectError("duplicate") {
                    try await database.write(.push, .full) { try $0.run("INSERT INTO items (id, n) VALUES ('a', 2)") }
                }
            },
            Clause("a child without parent, and a parent with children, are refused by the foreign key") { database in
                try await makeItems(database)
                await expectError("foreignKey") {
                    try await database.write(.push, .full) {
                        try $0.run("INSERT INTO children (id, item) VALUES ('c', 'nobody')")
                    }
                }
                try await database.write(.push, .full) {
                    try $0.run("INSERT INTO items (id, n) VALUES ('a', 1)")
                    try $0.run("INSERT INTO children (id, item) VALUES ('c', 'a')")
                }
                await expectError("foreignKey") {
                    try await database.write(.push, .full) { try $0.run("DELETE FROM items WHERE id = 'a'") }
                }
            },
            Clause("a wrong statement is invalid") { database in
                await expectError("invalid") {
                    try await database.read(.pull) { try $0.rows("SELECT nothing FROM nowhere") }
                }
            },
            Clause("a reading transaction cannot write") { database in
                try await makeItems(database)
                await expectError("readOnly") {
                    try await database.read(.pull) { try $0.run("INSERT INTO items (id, n) VALUES ('a', 1)") }
                }
            },
            Clause("a closed database is unreachable") { database in
                await database.close()
                await expectError("unreachable") { try await database.read(.pull) { try $0.rows("SELECT 1") } }
                await expectError("unreachable") {
                    try await database.write(.push, .full) { try $0.rows("SELECT 1") }
                }
                #expect(database.changeStamp() == nil)
            },
        ]
    }
}

extension SQLDatabaseContract {
    /// A parent and a child table with every column type.
    static func makeItems(_ database: any SQLDatabase) async throws {
        try await database.write(.administration, .full) { tx in
            let dialect = tx.dialect
            try tx.run(
                """
                CREATE TABLE items (
                    id \(dialect.keyType(32)) NOT NULL PRIMARY KEY,
                    n \(dialect.integerType) NOT NULL,
                    note \(dialect.longText),
                    data \(dialect.bytesType)
                )\(dialect.tableOptions(clustered: true))
                """)
            try tx.run(
                """
                CREATE TABLE children (
                    id \(dialect.keyType(32)) NOT NULL PRIMARY KEY,
                    item \(dialect.keyType(32)) NOT NULL,
                    FOREIGN KEY (item) REFERENCES items (id)
                )\(dialect.tableOptions(clustered: false))
                """)
        }
    }

    /// The sum of `n` over all items.
    static func sum(_ database: any SQLDatabase) async throws -> Int64 {
        try await database.read(.pull) { try $0.rows("SELECT COALESCE(SUM(n), 0) FROM items")[0].integer(0) }
    }

    /// Expects `body` to throw the ``SQLError`` case called `name`.
    package static func expectError<T>(
        _ name: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> T
    ) async {
        do {
            _ = try await body()
            Issue.record("no error, but \(name) was expected", sourceLocation: sourceLocation)
        } catch let error as SQLError {
            #expect("\(error)".hasPrefix("\(name)("), sourceLocation: sourceLocation)
        } catch {
            Issue.record("\(error) instead of \(name)", sourceLocation: sourceLocation)
        }
    }
}
