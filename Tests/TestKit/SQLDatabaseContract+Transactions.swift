// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import Testing

/// Thrown by bodies to see what becomes of their changes.
private struct Refusal: Error {}

extension SQLDatabaseContract {
    static var transactions: [Clause<any SQLDatabase>] {
        [
            Clause("a body that throws leaves nothing behind, and its error arrives") { database in
                try await makeItems(database)
                await #expect(throws: Refusal.self) {
                    try await database.write(.push, .full) { tx in
                        try tx.run("INSERT INTO items (id, n) VALUES ('a', 1)")
                        throw Refusal()
                    }
                }
                try await #expect(sum(database) == 0)
            },
            Clause("a savepoint undoes its own changes only") { database in
                try await makeItems(database)
                try await database.write(.push, .full) { tx in
                    try tx.run("INSERT INTO items (id, n) VALUES ('a', 1)")
                    try? tx.savepoint {
                        try tx.run("INSERT INTO items (id, n) VALUES ('b', 10)")
                        try tx.savepoint { try tx.run("INSERT INTO items (id, n) VALUES ('c', 100)") }
                        throw Refusal()
                    }
                    try tx.savepoint { try tx.run("INSERT INTO items (id, n) VALUES ('d', 1000)") }
                }
                try await #expect(sum(database) == 1001)
            },
            Clause("a failed statement inside a savepoint can be survived") { database in
                try await makeItems(database)
                try await database.write(.push, .full) { tx in
                    try tx.run("INSERT INTO items (id, n) VALUES ('a', 1)")
                    #expect(throws: SQLError.self) {
                        try tx.savepoint { try tx.run("INSERT INTO items (id, n) VALUES ('a', 2)") }
                    }
                    try tx.run("UPDATE items SET n = n + 5")
                }
                try await #expect(sum(database) == 6)
            },
            Clause("after a failed statement nothing more is done, and nothing is committed") { database in
                try await makeItems(database)
                await expectError("duplicate") {
                    try await database.write(.push, .full) { tx in
                        try tx.run("INSERT INTO items (id, n) VALUES ('a', 1)")
                        _ = try? tx.run("INSERT INTO items (id, n) VALUES ('a', 2)")
                        #expect(throws: SQLError.self) { try tx.run("UPDATE items SET n = 3") }
                    }
                }
                try await #expect(sum(database) == 0)
            },
            Clause("a read begun after a write returned sees it, in every lane and durability") { database in
                try await makeItems(database)
                for round in 1...40 {
                    let lane = SQLLane.allCases[round % 4]
                    try await database.write(lane, round % 2 == 0 ? .full : .relaxed) {
                        try $0.run("INSERT INTO items (id, n) VALUES (\("k\(round)"), 1)")
                    }
                    try await #expect(sum(database) == Int64(round))
                }
            },
            Clause("the change stamp stands still between commits and moves with each") { database in
                try await makeItems(database)
                guard var last = database.changeStamp() else { return }  // this database cannot tell, and says so
                for round in 1...100 {
                    _ = try await sum(database)
                    #expect(database.changeStamp() == last)
                    try await database.write(.push, .relaxed) {
                        try $0.run("INSERT INTO items (id, n) VALUES (\("k\(round)"), 1)")
                    }
                    let next = try #require(database.changeStamp())
                    #expect(next != last)
                    last = next
                }
            },
        ]
    }

    static var concurrency: [Clause<any SQLDatabase>] {
        [
            Clause("fifty writers of one row lose no change") { database in
                try await makeItems(database)
                try await database.write(.push, .full) { try $0.run("INSERT INTO items (id, n) VALUES ('a', 0)") }
                try await inParallel(50) { _ in
                    try await repeatingConflicts {
                        try await database.write(.push, .full) { tx in
                            let n = try tx.rows("SELECT n FROM items WHERE id = 'a'")[0].integer(0)
                            guard try tx.run("UPDATE items SET n = \(n + 1) WHERE id = 'a' AND n = \(n)") == 1 else {
                                throw SQLError.conflict("another writer was faster")
                            }
                        }
                    }
                }
                try await #expect(sum(database) == 50)
            },
            Clause("among concurrent writers those that fail take nobody with them") { database in
                try await makeItems(database)
                try await inParallel(60) { number in
                    do {
                        try await database.write(.push, .full) { tx in
                            try tx.run("INSERT INTO items (id, n) VALUES (\("k\(number)"), 1)")
                            if number % 3 == 0 { throw Refusal() }
                            if number % 3 == 1 { try tx.run("INSERT INTO items (id, n) VALUES (\("k\(number)"), 1)") }
                        }
                        #expect(number % 3 == 2)
                    } catch {
                        #expect(number % 3 != 2)
                    }
                }
                try await #expect(sum(database) == 20)
            },
            Clause("a reading transaction sees one state, whatever is committed meanwhile") { database in
                try await makeItems(database)
                try await database.write(.push, .full) {
                    try $0.run("INSERT INTO items (id, n) VALUES ('a', 1000), ('b', 0)")
                }
                try await inParallel(20) { number in
                    for _ in 0..<10 {
                        if number % 2 == 0 {
                            try await repeatingConflicts {
                                try await database.write(.push, .relaxed) { tx in
                                    try tx.run("UPDATE items SET n = n - 1 WHERE id = 'a'")
                                    try tx.run("UPDATE items SET n = n + 1 WHERE id = 'b'")
                                }
                            }
                        } else {
                            let seen = try await database.read(.pull) { tx in
                                let a = try tx.rows("SELECT n FROM items WHERE id = 'a'")[0].integer(0)
                                return a + (try tx.rows("SELECT n FROM items WHERE id = 'b'")[0].integer(0))
                            }
                            #expect(seen == 1000)
                        }
                    }
                }
            },
        ]
    }

    /// Runs `body` in `count` tasks at once with the numbers from 0.
    private static func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count { group.addTask { try await body(number) } }
            try await group.waitForAll()
        }
    }

    /// Some databases answer contention with a conflict: their callers repeat.
    private static func repeatingConflicts(_ body: () async throws -> Void) async throws {
        for _ in 0..<1000 {
            do {
                return try await body()
            } catch SQLError.conflict {
                await Task.yield()
            }
        }
        Issue.record("a thousand conflicts in a row")
    }
}
