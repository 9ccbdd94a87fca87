// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import TestKit
import Testing

/// A pool of one connection through a proxy, so that a test knows which one it meets.
private func withProxied(
    _ kind: TestDatabase, _ options: DatabaseServerOptions = .single,
    _ body: (FaultProxy, any SQLDatabase) async throws -> Void
) async throws {
    try await kind.withServer { place in
        let proxy = try FaultProxy(to: place.hosts[0].port)
        let database = try kind.open(place.through(proxy), options: options)
        do {
            try await database.write(.push, .full) { tx in
                let type = tx.dialect.integerType
                try tx.run(
                    "CREATE TABLE t (n \(type) NOT NULL PRIMARY KEY)\(tx.dialect.tableOptions(clustered: true))")
            }
            try await body(proxy, database)
        } catch {
            Issue.record(error)
        }
        proxy.close()
        await database.close()
    }
}

extension DatabaseServerOptions {
    fileprivate static var single: DatabaseServerOptions {
        var options = DatabaseServerOptions()
        options.connections = [.pull: 1, .push: 1, .administration: 1, .jobs: 1]
        options.connectTimeout = .seconds(30)
        return options
    }
}

/// A text of its own for each number, so that it is sent and not only the name of what was prepared before.
private func insert(_ number: Int, into database: any SQLDatabase) async throws {
    let comment = SQLFragment(raw: "/* \(number) */")
    try await database.write(.push, .full) { try $0.run("INSERT INTO t (n) VALUES (\(number)) \(comment)") }
}

private func numbers(in database: any SQLDatabase) async throws -> [Int64] {
    try await database.read(.pull) { try $0.rows("SELECT n FROM t ORDER BY n").map { $0.integer(0) } }
}

@Suite("Connections to database servers break as connections do")
struct BrokenConnectionTests {
    private static let kinds = [TestDatabase.postgresql, .mariadb]

    @Test("cut before COMMIT is sent on: nobody can say, and nothing was written", arguments: kinds)
    func beforeCommit(_ kind: TestDatabase) async throws {
        try await withProxied(kind) { proxy, database in
            proxy.arm(.commit(kind, .cutBefore))
            await SQLDatabaseContract.expectError("outcomeUnknown") { try await insert(1, into: database) }
            #expect(proxy.sprung == 1)
            try await insert(2, into: database)
            try await #expect(numbers(in: database) == [2])
        }
    }

    @Test("cut after COMMIT was sent on: nobody can say, and it was written", arguments: kinds)
    func afterCommit(_ kind: TestDatabase) async throws {
        try await withProxied(kind) { proxy, database in
            proxy.arm(.commit(kind, .cutAfter))
            await SQLDatabaseContract.expectError("outcomeUnknown") { try await insert(1, into: database) }
            #expect(proxy.sprung == 1)
            try await insert(2, into: database)
            try await #expect(numbers(in: database) == [1, 2])
        }
    }

    @Test(
        "cut during a statement: unreachable, nothing was written, and the next transaction connects", arguments: kinds)
    func duringStatement(_ kind: TestDatabase) async throws {
        try await withProxied(kind) { proxy, database in
            proxy.arm(.init("INSERT INTO t", toServer: .cutBefore))
            await SQLDatabaseContract.expectError("unreachable") { try await insert(1, into: database) }
            try await insert(2, into: database)
            try await #expect(numbers(in: database) == [2])
        }
    }

    @Test("a connection that died while nobody used it is replaced without an error", arguments: kinds)
    func idle(_ kind: TestDatabase) async throws {
        try await withProxied(kind) { proxy, database in
            try await insert(1, into: database)
            proxy.cut()
            try await insert(2, into: database)
            try await #expect(numbers(in: database) == [1, 2])
        }
    }

    @Test("a server that stands still holds a transaction no longer than its limit", arguments: kinds)
    func stillness(_ kind: TestDatabase) async throws {
        var options = DatabaseServerOptions.single
        options.transactionLimits[.push] = .seconds(3)
        try await withProxied(kind, options) { proxy, database in
            try await insert(1, into: database)
            proxy.arm(.init("INSERT INTO t", toServer: .freeze))
            await SQLDatabaseContract.expectError("timeout") { try await insert(2, into: database) }
            proxy.arm(.commit(kind, .freeze))
            await SQLDatabaseContract.expectError("outcomeUnknown") { try await insert(3, into: database) }
            try await #expect(numbers(in: database) == [1])
        }
    }

    @Test("a commit that takes long is waited for", arguments: kinds)
    func slowCommit(_ kind: TestDatabase) async throws {
        try await withProxied(kind) { proxy, database in
            proxy.arm(.commit(kind, .delay(.seconds(3))))
            try await insert(1, into: database)
            #expect(proxy.sprung == 1)
            try await #expect(numbers(in: database) == [1])
        }
    }

    @Test("lanes have connections of their own: a lane that stands still stops no other", arguments: kinds)
    func lanes(_ kind: TestDatabase) async throws {
        try await withProxied(kind) { proxy, database in
            try await insert(1, into: database)
            proxy.arm(.init("INSERT INTO t", toServer: .delay(.seconds(3))))
            async let slow: Void = insert(2, into: database)
            _ = try await eventually { proxy.sprung == 1 }
            try await #expect(numbers(in: database) == [1])
            try await slow
        }
    }

    @Test("a server that is away is told, and found again when it is back", arguments: kinds)
    func away(_ kind: TestDatabase) async throws {
        try await withProxied(kind) { proxy, database in
            proxy.set(.refuse)
            proxy.cut()
            await SQLDatabaseContract.expectError("unreachable") { try await insert(1, into: database) }
            proxy.set(.pass)
            let isBack = try await eventually { (try? await insert(2, into: database)) != nil }
            #expect(isBack)
            try await #expect(numbers(in: database) == [2])
        }
    }
}
