// SPDX-License-Identifier: Apache-2.0

import Dispatch
import SQLStorage
import TestKit
import Testing

@Suite("SQLite waits no longer and queues no more than it says")
struct SQLiteLimitsTests {
    @Test("a full lane refuses at once, the other lanes go on")
    func fullLane() async throws {
        var options = SQLiteOptions()
        options.readers = 2
        options.waitingLimit = 1
        try await withDatabase(options: options) { database in
            let gate = Gate()
            // Jobs may use one reader: one runs, one waits, the third is refused.
            async let running: Void = database.read(.jobs) { _ in gate.enter() }
            await gate.waitUntilEntered()
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        do {
                            return try await database.read(.jobs) { try "\($0.rows("SELECT 1").count) row" }
                        } catch SQLError.overloaded {
                            return "refused"
                        }
                    }
                }
                try await #expect(group.next() == "refused")
                try await #expect(database.read(.pull) { try $0.rows("SELECT 1").count } == 1)
                gate.open()
                try await #expect(group.next() == "1 row")
            }
            try await running
        }
    }

    @Test("what waits past its deadline is a timeout, also while the thread is stuck")
    func deadline() async throws {
        var options = SQLiteOptions()
        options.readers = 1
        options.deadline = .milliseconds(100)
        try await withDatabase(options: options) { database in
            let gate = Gate()
            async let running: Void = database.read(.pull) { _ in gate.enter() }
            await gate.waitUntilEntered()
            await SQLDatabaseContract.expectError("timeout") { try await database.read(.pull) { _ in } }
            gate.open()
            try await running
        }
    }

    @Test("a reading transaction that takes too long is interrupted")
    func interrupt() async throws {
        var options = SQLiteOptions()
        options.transactionLimit = .milliseconds(100)
        try await withDatabase(options: options) { database in
            let endless: SQLStatement =
                "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT COUNT(*) FROM c"
            await SQLDatabaseContract.expectError("timeout") { try await database.read(.pull) { try $0.rows(endless) } }
            try await #expect(database.read(.pull) { try $0.rows("SELECT 1").count } == 1)
        }
    }

    @Test("writes that pile up behind a stuck one share a commit")
    func group() async throws {
        try await withDatabase { database in
            try await database.write(.push, .full) { try $0.run("CREATE TABLE t (n INTEGER NOT NULL) STRICT") }
            let gate = Gate()
            async let first: Void = database.write(.push, .full) { _ in gate.enter() }
            await gate.waitUntilEntered()
            let before = try #require(database.changeStamp())
            try await withThrowingTaskGroup(of: UInt64?.self) { group in
                for n in 0..<40 {
                    group.addTask {
                        try await database.write(.push, .full) { try $0.run("INSERT INTO t (n) VALUES (\(n))") }
                        return database.changeStamp()
                    }
                }
                group.addTask {
                    gate.open()
                    return before
                }
                var stamps: Set<UInt64> = []
                for try await stamp in group { stamps.insert(try #require(stamp)) }
                #expect(stamps.count < 20)
            }
            try await first
            try await #expect(database.read(.pull) { try $0.rows("SELECT COUNT(*) FROM t")[0].integer(0) } == 40)
        }
    }

    @Test("the log does not grow for ever under steady writes")
    func log() async throws {
        var options = SQLiteOptions()
        options.checkpointPages = 20
        options.checkpointPagesAtMost = 100
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: "\(folder)/haven.db", options: options)
            try await database.write(.push, .full) { try $0.run("CREATE TABLE t (b BLOB NOT NULL) STRICT") }
            for _ in 0..<400 {
                try await database.write(.push, .relaxed) {
                    try $0.run("INSERT INTO t (b) VALUES (\([UInt8](repeating: 1, count: 8000)))")
                }
            }
            let size = try #require(fileSize("\(folder)/haven.db-wal"))
            #expect(size < 1_500_000)
            await database.close()
        }
    }
}

/// Holds a thread of the database until the test lets it go on.
final class Gate: Sendable {
    private let opened = DispatchSemaphore(value: 0)
    private let entries: AsyncStream<Void>
    private let entry: AsyncStream<Void>.Continuation

    init() {
        (entries, entry) = AsyncStream.makeStream()
    }

    /// Called on the thread to be held.
    func enter() {
        entry.yield()
        opened.wait()
    }

    func waitUntilEntered() async { _ = await entries.first { _ in true } }
    func open() { opened.signal() }
}
