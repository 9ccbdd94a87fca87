// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import TestKit
import Testing

@Suite("Failover of database servers")
struct FailoverTests {
    @Test("PostgreSQL: of several hosts the one that takes writes is used, and found again after a failover")
    func promotion() async throws {
        try await withPair(synchronous: false) { primary, standby in
            let database = try await opened(primary, standby)
            try await insert(1, into: database)
            try await #expect(eventuallyCopied(1, to: standby))
            try await primary.process.kill()
            await SQLDatabaseContract.expectError("unreachable") { try await insert(2, into: database) }
            try await standby.promote()
            #expect(try await eventually { (try? await insert(3, into: database)) != nil })
            try await #expect(numbers(in: database) == [1, 3])
            await database.close()
        }
    }

    @Test("PostgreSQL: an old primary that comes back after a promotion is not written to, not even by newcomers")
    func oldPrimary() async throws {
        try await withPair(synchronous: false) { primary, standby in
            var place = try await primary.makeDatabase()
            place.hosts.append(.init("127.0.0.1", port: standby.port))
            let database = PostgreSQLDatabase(place)
            try await makeTable(database)
            try await insert(1, into: database)
            try await #expect(eventuallyCopied(1, to: standby))
            try await primary.process.kill()
            try await standby.promote()
            #expect(try await eventually { (try? await insert(2, into: database)) != nil })
            try await primary.start()
            try await standby.process.kill()
            await SQLDatabaseContract.expectError("unreachable") { try await insert(3, into: database) }
            try await standby.start()
            #expect(try await eventually { (try? await insert(4, into: database)) != nil })
            let other = PostgreSQLDatabase(place)
            try await insert(5, into: other)
            try await #expect(numbers(in: database) == [1, 2, 4, 5])
            await other.close()
            await database.close()
        }
    }

    @Test("PostgreSQL: a crash of the server loses nothing that was answered, also of writes that ask for less")
    func crash() async throws {
        try await withTemporaryFolder { folder in
            let server = try await PostgreSQLServer.start(in: folder)
            let database = PostgreSQLDatabase(try await server.makeDatabase())
            try await makeTable(database)
            for number in 1...20 {
                try await database.write(.push, .relaxed) { _ = try $0.run("INSERT INTO t (n) VALUES (\(number))") }
            }
            try await server.process.kill()
            try await server.start()
            #expect(try await eventually { (try? await numbers(in: database)) == Array(1...20) })
            await database.close()
            try await server.process.kill()
        }
    }

    @Test("PostgreSQL: a wait for the synchronous stand-by that somebody cancels leaves the commit unknown")
    func cancelledWait() async throws {
        try await withPair(synchronous: true) { primary, standby in
            let database = try await opened(primary, standby)
            try await insert(1, into: database)
            standby.process.pause()
            let writing = Task { try await insert(2, into: database) }  // awaited below
            let waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            #expect(try await eventually { try await !primary.sql(waiting).isEmpty })
            try await primary.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
            await SQLDatabaseContract.expectError("outcomeUnknown") { try await writing.value }
            standby.process.resume()
            try await insert(3, into: database)
            await database.close()
        }
    }

    @Test("a host that hangs is left by all: what waits for it ends, and what comes next goes to another")
    func hungHost() async throws {
        let server = try await PostgreSQLServer.shared
        let (first, second) = (try FaultProxy(to: server.port), try FaultProxy(to: server.port))
        defer {
            first.close()
            second.close()
        }
        var place = try await server.makeDatabase()
        place.hosts = [.init("127.0.0.1", port: first.port), .init("127.0.0.1", port: second.port)]
        place.encryption = .disable
        let database = PostgreSQLDatabase(place)
        try await makeTable(database)
        for lane in SQLLane.allCases { _ = try await database.read(lane) { try $0.rows("SELECT 1") } }
        first.arm(.init("INSERT INTO t", toServer: .freeze))
        // In the lane that may take ten minutes.
        let waiting = Task {  // awaited below
            _ = try await database.write(.administration, .full) { try $0.run("INSERT INTO t (n) VALUES (1)") }
        }
        let isHung = try await eventually { first.sprung == 1 }
        #expect(isHung)
        first.set(.blackhole)
        // One that needs a new session finds out.
        let ended = try await withDeadline(.seconds(120)) {
            await withTaskGroup(of: Void.self) { group in
                for number in 2..<12 { group.addTask { try? await insert(number, into: database) } }
            }
            return await waiting.result
        }
        let outcome = try #require(ended)
        #expect(throws: SQLError.self) { try outcome.get() }
        try await insert(20, into: database)
        for lane in SQLLane.allCases {
            let seen = try await database.read(lane) { try $0.rows("SELECT n FROM t WHERE n = 20").count }
            #expect(seen == 1, "\(lane)")
        }
        await database.close()
    }

    @Test("Galera: a node that dies, and one that loses its cluster, are left for one that is ready")
    func galera() async throws {
        try await withTemporaryFolder { folder in
            let cluster = try await GaleraCluster.start(in: folder)
            let database = MariaDBDatabase(try await cluster.makeDatabase())
            do {
                try await makeTable(database)
                try await insert(1, into: database)
                try await cluster.nodes[0].process.kill()
                #expect(try await eventually { (try? await insert(2, into: database)) != nil })
                try await #expect(numbers(in: database) == [1, 2])
                // One of three is no majority: it answers every statement with 1047, or does not answer.
                try await cluster.nodes[1].process.kill()
                let isRefused = try await eventually(within: .seconds(90)) { try await isUnreachable(database) }
                #expect(isRefused)
            } catch {
                Issue.record(error)
            }
            await database.close()
            for node in cluster.nodes { try await node.process.kill() }
        }
    }

    private func withPair(
        synchronous: Bool, _ body: (PostgreSQLServer, PostgreSQLServer) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let primary = try await PostgreSQLServer.start(in: folder)
            let standby = try await primary.makeStandby()
            if synchronous {
                try await primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
                try await primary.sql("SELECT pg_reload_conf()")
                let state = "SELECT sync_state FROM pg_stat_replication"
                #expect(try await eventually { try await primary.sql(state).contains("sync") })
            }
            do {
                try await body(primary, standby)
            } catch {
                Issue.record(error)
            }
            try await standby.process.kill()
            try await primary.process.kill()
        }
    }

    /// A database with a table, whose hosts are named with the stand-by first.
    private func opened(_ primary: PostgreSQLServer, _ standby: PostgreSQLServer) async throws -> PostgreSQLDatabase {
        var place = try await primary.makeDatabase()
        place.hosts.insert(.init("127.0.0.1", port: standby.port), at: 0)
        let database = PostgreSQLDatabase(place)
        // The stand-by does not know the database yet when it is asked first, which makes it no less a stand-by.
        try await makeTable(database)
        return database
    }

    /// Whether a write finds nobody to do it. What is under way when a cluster breaks may be unknown, which says nothing yet.
    private func isUnreachable(_ database: any SQLDatabase) async throws -> Bool {
        do {
            try await insert(Int.random(in: 1_000...1_000_000), into: database)
            return false
        } catch SQLError.unreachable {
            return true
        } catch is SQLError {
            return false
        }
    }

    private func makeTable(_ database: any SQLDatabase) async throws {
        try await database.write(.push, .full) { tx in
            let dialect = tx.dialect
            let options = dialect.tableOptions(clustered: true)
            try tx.run("CREATE TABLE t (n \(dialect.integerType) NOT NULL PRIMARY KEY)\(options)")
        }
    }

    private func insert(_ number: Int, into database: any SQLDatabase) async throws {
        try await database.write(.push, .full) { try $0.run("INSERT INTO t (n) VALUES (\(number))") }
    }

    private func numbers(in database: any SQLDatabase) async throws -> [Int64] {
        try await database.read(.pull) { try $0.rows("SELECT n FROM t ORDER BY n").map { $0.integer(0) } }
    }

    private func eventuallyCopied(_ number: Int, to standby: PostgreSQLServer) async throws -> Bool {
        try await eventually {
            let databases = try await standby.sql("SELECT datname FROM pg_database WHERE datname ~ '^t[0-9]'")
            guard let name = databases.split(separator: "\n").first else { return false }
            return try await standby.sql("SELECT n FROM t", in: String(name)).contains("\(number)")
        }
    }
}
