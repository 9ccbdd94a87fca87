// SPDX-License-Identifier: Apache-2.0

import Foundation
import SQLStorage
import TestKit
import Testing

@Suite("The file of a SQLite database")
struct SQLiteFileTests {
    @Test("only its owner can read it, log included")
    func permissions() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await database.write(.push, .full) { try $0.run("CREATE TABLE t (n INTEGER NOT NULL) STRICT") }
            for name in ["haven.db", "haven.db-wal", "haven.db-shm"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
            }
            await database.close()
        }
    }

    @Test("foreign keys are on and flushes are full on a fresh connection")
    func pragmas() async throws {
        try await withDatabase { database in
            for pragma in ["foreign_keys", "synchronous"] {
                let expected: Int64 = pragma == "synchronous" ? 2 : 1
                let statement = SQLStatement(SQLFragment(raw: "PRAGMA \(pragma)"))
                try await #expect(database.read(.pull) { try $0.rows(statement)[0].integer(0) } == expected)
                try await #expect(database.write(.push, .full) { try $0.rows(statement)[0].integer(0) } == expected)
            }
        }
    }

    @Test("a file that is no database is refused")
    func garbage() async throws {
        try await withTemporaryFolder { folder in
            try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: "\(folder)/haven.db"))
            await SQLDatabaseContract.expectError("invalid") { try SQLiteDatabase(path: "\(folder)/haven.db") }
        }
    }

    @Test("a folder that is not there is unreachable")
    func missingFolder() async throws {
        await SQLDatabaseContract.expectError("unreachable") { try SQLiteDatabase(path: "/nonexistent/haven.db") }
    }

    @Test("the copy taken while writes go on is whole, alone and refuses to replace a file")
    func backup() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await database.write(.push, .full) {
                try $0.run("CREATE TABLE t (a INTEGER NOT NULL, b INTEGER NOT NULL) STRICT")
            }
            async let writes: Void = {
                for n in 0..<300 {
                    try await database.write(.push, .relaxed) {
                        try $0.run("INSERT INTO t (a, b) VALUES (\(n), 0)")
                        try $0.run("UPDATE t SET b = a WHERE a = \(n)")
                    }
                }
            }()
            try await database.backup(to: "\(folder)/copy.db")
            try await writes
            await SQLDatabaseContract.expectError("invalid") { try await database.backup(to: "\(folder)/copy.db") }
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/copy.db-wal"))

            let copy = try SQLiteDatabase(path: "\(folder)/copy.db")
            let row = try await copy.read(.pull) {
                try $0.rows("SELECT COUNT(*), COALESCE(MAX(a), -1), COALESCE(SUM(a - b), 0) FROM t")[0]
            }
            #expect(row.integer(0) == row.integer(1) + 1)
            #expect(row.integer(2) == 0)
            await copy.close()
            await database.close()
        }
    }

    @Test(
        "the file system below a path is the deepest and latest mount",
        arguments: [
            ("/data/db", "nfs4"), ("/data", "nfs4"), ("/database", "ext4"), ("/", "ext4"), ("/my disk/x", "fuse.sshfs"),
            ("/data/local/db", "xfs"),
        ])
    func mounts(_ path: String, _ type: String) {
        let table = """
            21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            30 21 0:45 / /data rw shared:2 - ext4 /dev/sdb rw
            31 21 0:46 / /data rw shared:2 master:3 - nfs4 server:/export rw,vers=4.2
            32 31 8:17 / /data/local rw - xfs /dev/sdc rw
            33 21 0:47 / /my\\040disk rw - fuse.sshfs host: rw
            """
        #expect(SQLitePlace.fileSystem(of: path, mounts: table) == type)
    }

    @Test("network file systems are refused by name", arguments: ["nfs", "nfs4", "cifs", "ceph", "fuse.sshfs", "9p"])
    func remote(_ type: String) {
        #expect(SQLitePlace.isRemote(type))
        #expect(!SQLitePlace.isRemote("ext4"))
    }
}
