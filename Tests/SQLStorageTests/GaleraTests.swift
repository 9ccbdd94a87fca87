// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import TestKit
import Testing

@Suite("Several nodes of one Galera cluster")
struct GaleraTests {
    /// Two databases, each through a node of its own, and a table.
    private func withTwoNodes(_ body: (any SQLDatabase, any SQLDatabase) async throws -> Void) async throws {
        let cluster = try await GaleraCluster.shared
        try await TestDatabase.galera.withServer { place in
            let databases = cluster.nodes.prefix(2).map { MariaDBDatabase($0.database(named: place.database)) }
            try await databases[0].write(.push, .full) { tx in
                try tx.run("CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB")
                try tx.run("INSERT INTO t (id, n) VALUES (1, 0), (2, 0)")
            }
            do {
                try await body(databases[0], databases[1])
            } catch {
                Issue.record(error)
            }
            for database in databases { await database.close() }
        }
    }

    @Test("what one node answered is read on another, a thousand times")
    func readYourWrites() async throws {
        try await withTwoNodes { first, second in
            for round in 1...1_000 {
                try await first.write(.push, .full) { try $0.run("UPDATE t SET n = \(round) WHERE id = 1") }
                let seen = try await second.read(.pull) { try $0.rows("SELECT n FROM t WHERE id = 1")[0].integer(0) }
                #expect(seen == Int64(round))
            }
        }
    }

    @Test("a compare-and-set on another node finds the row as it was answered, a thousand times")
    func compareAndSet() async throws {
        try await withTwoNodes { first, second in
            for round in 0..<1_000 {
                let database = round % 2 == 0 ? first : second
                let changed = try await repeating {
                    try await database.write(.push, .full) {
                        try $0.run("UPDATE t SET n = \(round + 1) WHERE id = 1 AND n = \(round)")
                    }
                }
                #expect(changed == 1)
            }
        }
    }

    @Test("writers of one row on two nodes conflict, repeat, and lose no change")
    func conflicts() async throws {
        try await withTwoNodes { first, second in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        try await repeating {
                            let database = number % 2 == 0 ? first : second
                            return try await database.write(.push, .full) { tx in
                                let n = try tx.rows("SELECT n FROM t WHERE id = 2")[0].integer(0)
                                guard try tx.run("UPDATE t SET n = \(n + 1) WHERE id = 2 AND n = \(n)") == 1 else {
                                    throw SQLError.conflict("another writer was faster")
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sum = try await second.read(.pull) { try $0.rows("SELECT n FROM t WHERE id = 2")[0].integer(0) }
            #expect(sum == 100)
        }
    }

    @Test("readers that come together share barriers, and each sees what was answered before it asked")
    func barriers() async throws {
        try await withTwoNodes { first, second in
            for round in 1...50 {
                try await first.write(.push, .full) { try $0.run("UPDATE t SET n = \(round) WHERE id = 1") }
                try await withThrowingTaskGroup(of: Int64.self) { group in
                    for _ in 0..<16 {
                        group.addTask {
                            try await second.read(.pull) { try $0.rows("SELECT n FROM t WHERE id = 1")[0].integer(0) }
                        }
                    }
                    for try await seen in group { #expect(seen == Int64(round)) }
                }
            }
        }
    }
}

/// Repeats what met a conflict, as the room above does.
private func repeating<T>(_ body: () async throws -> T) async throws -> T {
    for attempt in 0..<1_000 {
        do {
            return try await body()
        } catch SQLError.conflict {
            try await Task.sleep(for: .microseconds(Int.random(in: 0...(attempt + 1) * 1_000)))
        }
    }
    throw SQLError.conflict("a thousand conflicts in a row")
}
