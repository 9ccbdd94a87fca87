// SPDX-License-Identifier: Apache-2.0

import Foundation
import SQLStorage
import TestKit
import Testing

@testable import Metadata

@Suite("Migrations")
struct MigratorTests {
    private let first = Migration(1, "a table") { dialect in
        [
            """
            \(dialect.createTable) a (n \(dialect.integerType) NOT NULL PRIMARY KEY)\(dialect.tableOptions(clustered: false))
            """
        ]
    }
    private let second = Migration(2, "a row") { ["INSERT INTO a (n) VALUES (7) \($0.keepExisting("n"))"] }
    private let broken = Migration(2, "half of a change") { _ in
        ["INSERT INTO a (n) VALUES (1)", "INSERT INTO missing (n) VALUES (2)"]
    }

    @Test("are numbered from 1 without gaps and have titles")
    func numbers() {
        #expect([Migration].released.map(\.number) == Array(1...[Migration].released.count))
        #expect([Migration].released.allSatisfy { !$0.title.isEmpty })
    }

    @Test("are applied once, in order, and told", arguments: TestDatabase.allCases)
    func once(_ kind: TestDatabase) async throws {
        try await kind.with { database in
            try await #expect(Migrator(database, migrations: [first]).status().map(\.appliedAt) == [nil])
            try await #expect(Migrator(database, migrations: [first]).migrate().map(\.number) == [1])
            try await #expect(Migrator(database, migrations: [first, second]).migrate().map(\.number) == [2])
            try await #expect(Migrator(database, migrations: [first, second]).migrate().isEmpty)
            let status = try await Migrator(database, migrations: [first, second]).status()
            #expect(status.allSatisfy { $0.appliedAt != nil })
            try await #expect(numbers(in: database) == [7])
        }
    }

    @Test("stop where they are told to, and go no way back", arguments: TestDatabase.allCases)
    func upTo(_ kind: TestDatabase) async throws {
        try await kind.with { database in
            let migrator = Migrator(database, migrations: [first, second])
            try await #expect(migrator.migrate(to: 1).map(\.number) == [1])
            await #expect(throws: MetadataError.noMigration(to: 3, applied: 1, newest: 2)) {
                try await migrator.migrate(to: 3)
            }
            try await #expect(migrator.migrate(to: 2).map(\.number) == [2])
            await #expect(throws: MetadataError.noMigration(to: 1, applied: 2, newest: 2)) {
                try await migrator.migrate(to: 1)
            }
        }
    }

    @Test("an older database is copied aside before it is changed; a new one is not")
    func copy() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await Migrator(database, migrations: [first]).migrate()
            try #expect(copies(in: folder).isEmpty)
            try await Migrator(database, migrations: [first, second]).migrate()
            let kept = try #require(try copies(in: folder).first)
            let copy = try SQLiteDatabase(path: "\(folder)/\(kept)")
            try await #expect(numbers(in: copy) == [])
            try await #expect(
                Migrator(copy, migrations: [first, second]).status().map { $0.appliedAt != nil } == [true, false])
            await copy.close()
            await database.close()
        }
    }

    @Test("a migration that fails leaves nothing of itself", arguments: [TestDatabase.sqlite, .postgresql])
    func failure(_ kind: TestDatabase) async throws {
        try await kind.with { database in
            try await Migrator(database, migrations: [first]).migrate()
            for _ in 0..<2 {
                await SQLDatabaseContract.expectError("invalid") {
                    try await Migrator(database, migrations: [first, broken]).migrate()
                }
            }
            if let file = database as? SQLiteDatabase {
                let folder = (file.path as NSString).deletingLastPathComponent
                try #expect(copies(in: folder) == ["haven.db.schema-1"])
            }
            try await #expect(numbers(in: database) == [])
            try await #expect(Migrator(database, migrations: [first, second]).migrate().map(\.number) == [2])
        }
    }

    @Test(
        "a database that is one migration ahead is served and left alone: nodes are upgraded one after the other",
        arguments: TestDatabase.allCases)
    func oneAhead(_ kind: TestDatabase) async throws {
        try await kind.with { database in
            try await Migrator(database, migrations: [first, second]).migrate()
            try await #expect(Migrator(database, migrations: [first]).migrate().isEmpty)
            let status = try await Migrator(database, migrations: [first]).status()
            #expect(status.map(\.number) == [1])
            guard let file = database as? SQLiteDatabase else { return }
            try #expect(copies(in: (file.path as NSString).deletingLastPathComponent) == [])
        }
    }

    @Test(
        "a database that is further ahead, or with an edited migration, is refused and left alone",
        arguments: TestDatabase.allCases)
    func refused(_ kind: TestDatabase) async throws {
        try await kind.with { database in
            let third = Migration(3, "another row") { ["INSERT INTO a (n) VALUES (8) \($0.keepExisting("n"))"] }
            try await Migrator(database, migrations: [first, second, third]).migrate()
            await #expect(throws: MetadataError.newerSchema(number: 3, title: "another row")) {
                try await Migrator(database, migrations: [first]).migrate()
            }
            let edited = Migration(1, "a table") { _ in ["CREATE TABLE a (n INTEGER NOT NULL)"] }
            await #expect(throws: MetadataError.self) {
                try await Migrator(database, migrations: [edited, second, third]).status()
            }
        }
    }

    @Test("a database with another program's tables is refused and left alone", arguments: TestDatabase.allCases)
    func foreign(_ kind: TestDatabase) async throws {
        try await kind.with { database in
            try await database.write(.administration, .full) { tx in
                try tx.run("CREATE TABLE users (n \(tx.dialect.integerType) NOT NULL PRIMARY KEY)")
            }
            await #expect(throws: MetadataError.foreignTables(["users"])) { try await Migrator(database).migrate() }
        }
    }

    @Test("of many that start at once one migrates", arguments: TestDatabase.allCases)
    func together(_ kind: TestDatabase) async throws {
        try await kind.withOpener { open in
            let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let database = try open()
                        let count = try await Migrator(database).migrate().count
                        await database.close()
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(applied == [Migration].released.count)
            let database = try open()
            if let file = database as? SQLiteDatabase {
                let folder = (file.path as NSString).deletingLastPathComponent
                try #expect(copies(in: folder).isEmpty, "nobody met a database that was older")
            }
            await database.close()
        }
    }

    @Test("on the nodes of a cluster too one migrates")
    func onNodes() async throws {
        let cluster = try await GaleraCluster.shared
        try await TestDatabase.galera.withServer { place in
            let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                for node in cluster.nodes {
                    group.addTask {
                        let database = MariaDBDatabase(node.database(named: place.database))
                        let count = try await Migrator(database).migrate().count
                        await database.close()
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(applied == [Migration].released.count)
        }
    }

    /// MariaDB commits each change of a table by itself; PostgreSQL none.
    @Test(
        "killed in the middle, they are finished by the next who comes", arguments: [TestDatabase.postgresql, .mariadb])
    func killed(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            for table in ["settings", "uploads", "manifest_children"] {
                let proxy = try FaultProxy(to: place.hosts[0].port)
                proxy.arm(.init(" \(table) (", toServer: .cutBefore))
                let killed = try kind.open(place.through(proxy))
                let migrating = Task {  // awaited below
                    try await Migrator(killed, leaseLife: .seconds(1)).migrate()
                }
                _ = try await eventually { proxy.sprung == 1 }
                // Whoever was killed gives no lock back.
                proxy.close()
                await #expect(throws: SQLError.self) { try await migrating.value }
                await killed.close()
            }
            let database = try kind.open(place)
            try await #expect(Migrator(database).migrate().count == [Migration].released.count)
            let interrupted = try await SchemaPicture.of(database)
            await database.close()
            let whole = try await kind.with { other in
                try await Migrator(other).migrate()
                return try await SchemaPicture.of(other)
            }
            #expect(interrupted == whole)
        }
    }

    @Test(
        "whoever waits for another only reads, so that it does not end the other's transactions on a cluster",
        arguments: [TestDatabase.mariadb, .galera])
    func waiting(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            let holder = try kind.open(place)
            let lease = try await MigrationLease.take(holder, life: .seconds(60))
            let proxy = try FaultProxy(to: place.hosts[0].port)
            for write in ["CREATE TABLE", "INSERT INTO", "UPDATE schema_lock"] {
                proxy.arm(.init(write, toServer: .cutBefore))
                let waiter = try kind.open(place.through(proxy))
                await #expect(throws: SQLError.conflict("another node migrates")) {
                    try await MigrationLease.take(waiter, life: .seconds(60))
                }
                await waiter.close()
            }
            #expect(proxy.sprung == 0)
            await lease.release()
            _ = try await MigrationLease.take(holder, life: .seconds(60))
            proxy.close()
            await holder.close()
        }
    }

    @Test("are told as done when only their lock could not be given back", arguments: [TestDatabase.mariadb])
    func unreleased(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            let proxy = try FaultProxy(to: place.hosts[0].port)
            proxy.arm(.init("SET until_at = 0", toServer: .cutBefore))
            let database = try kind.open(place.through(proxy))
            try await #expect(Migrator(database, migrations: [first]).migrate().map(\.number) == [1])
            #expect(proxy.sprung == 1)
            await database.close()
            proxy.close()
        }
    }

    private func numbers(in database: any SQLDatabase) async throws -> [Int64] {
        try await database.read(.pull) { try $0.rows("SELECT n FROM a").map { $0.integer(0) } }
    }

    private func copies(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("haven.db.schema-") }
    }
}
