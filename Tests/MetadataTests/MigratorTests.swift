// SPDX-License-Identifier: Apache-2.0

import Foundation
import Metadata
import SQLStorage
import TestKit
import Testing

@Suite("Migrations")
struct MigratorTests {
    private let first = Migration(1, "a table") { _ in ["CREATE TABLE a (n INTEGER NOT NULL) STRICT"] }
    private let second = Migration(2, "a row") { _ in ["INSERT INTO a (n) VALUES (7)"] }
    private let broken = Migration(2, "half of a change") { _ in
        ["INSERT INTO a (n) VALUES (1)", "INSERT INTO missing (n) VALUES (2)"]
    }

    @Test("are numbered from 1 without gaps and have titles")
    func numbers() {
        #expect([Migration].released.map(\.number) == Array(1...[Migration].released.count))
        #expect([Migration].released.allSatisfy { !$0.title.isEmpty })
    }

    @Test("are applied once, in order, and told")
    func once() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await #expect(Migrator(database, migrations: [first]).status().map(\.appliedAt) == [nil])
            try await #expect(Migrator(database, migrations: [first]).migrate().map(\.number) == [1])
            try await #expect(Migrator(database, migrations: [first, second]).migrate().map(\.number) == [2])
            try await #expect(Migrator(database, migrations: [first, second]).migrate().isEmpty)
            let status = try await Migrator(database, migrations: [first, second]).status()
            #expect(status.allSatisfy { $0.appliedAt != nil })
            try await #expect(numbers(in: database) == [7])
            await database.close()
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

    @Test("a migration that fails leaves nothing of itself")
    func failure() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await Migrator(database, migrations: [first]).migrate()
            for _ in 0..<2 {
                await SQLDatabaseContract.expectError("invalid") {
                    try await Migrator(database, migrations: [first, broken]).migrate()
                }
            }
            try #expect(copies(in: folder) == ["haven.db.schema-1"])
            try await #expect(numbers(in: database) == [])
            try await #expect(Migrator(database, migrations: [first, second]).migrate().map(\.number) == [2])
            await database.close()
        }
    }

    @Test("a database that is one migration ahead is served and left alone: nodes are upgraded one after the other")
    func oneAhead() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await Migrator(database, migrations: [first, second]).migrate()
            try await #expect(Migrator(database, migrations: [first]).migrate().isEmpty)
            let status = try await Migrator(database, migrations: [first]).status()
            #expect(status.map(\.number) == [1])
            try #expect(copies(in: folder).isEmpty)
            await database.close()
        }
    }

    @Test("a database that is further ahead, or with an edited migration, is refused and left alone")
    func refused() async throws {
        try await withTemporaryFolder { folder in
            let third = Migration(3, "another row") { _ in ["INSERT INTO a (n) VALUES (8)"] }
            let database = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await Migrator(database, migrations: [first, second, third]).migrate()
            await #expect(throws: MetadataError.newerSchema(number: 3, title: "another row")) {
                try await Migrator(database, migrations: [first]).migrate()
            }
            let edited = Migration(1, "a table") { _ in ["CREATE TABLE a (n INTEGER NOT NULL)"] }
            await #expect(throws: MetadataError.self) {
                try await Migrator(database, migrations: [edited, second, third]).status()
            }
            await database.close()
        }
    }

    @Test("of many that start at once one migrates")
    func together() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/haven.db"
            let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let database = try SQLiteDatabase(path: path)
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

    private func numbers(in database: SQLiteDatabase) async throws -> [Int64] {
        try await database.read(.pull) { try $0.rows("SELECT n FROM a").map { $0.integer(0) } }
    }

    private func copies(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("haven.db.schema-") }
    }
}
