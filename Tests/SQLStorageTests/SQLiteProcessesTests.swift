// SPDX-License-Identifier: Apache-2.0

import Foundation
import SQLStorage
import TestKit
import Testing

@Suite("SQLite with other processes and power cuts")
struct SQLiteProcessesTests {
    @Test("a second process's write moves the change stamp and is read")
    func secondProcess() async throws {
        try await withPeer { path, peer in
            let database = try SQLiteDatabase(path: path)
            _ = try await peer.check("write", path, "1")
            let before = try #require(database.changeStamp())
            #expect(database.changeStamp() == before)
            _ = try await peer.check("write", path, "1")
            #expect(try #require(database.changeStamp()) != before)
            try await #expect(count(database) == 2)
            await database.close()
        }
    }

    @Test("a writer waits for another process's transaction, and gives up as a conflict at its limit")
    func busy() async throws {
        try await withPeer { path, peer in
            let log = "\(path).log"
            let holder = try await BackgroundProcess(peer, ["hold", path, "4000"], logPath: log)
            try await #expect(eventually { holder.log.contains("held") })
            var options = SQLiteOptions()
            options.busyTimeout = .milliseconds(100)
            let impatient = try SQLiteDatabase(path: path, options: options)
            await SQLDatabaseContract.expectError("conflict") { try await insert(impatient) }
            options.busyTimeout = .seconds(60)
            let patient = try SQLiteDatabase(path: path, options: options)
            try await insert(patient)
            try await #expect(count(patient) == 1)
            await impatient.close()
            await patient.close()
            try await holder.stop()
        }
    }

    @Test("kill -9 of a writer keeps every row it has acknowledged", arguments: ["full", "relaxed"])
    func kill(_ durability: String) async throws {
        try await withPeer { path, peer in
            for round in 1...3 {
                let log = "\(path).\(round).log"
                let writer = try await BackgroundProcess(peer, ["write", path, "100000", durability], logPath: log)
                try await #expect(eventually { writer.log.utf8.count > 200 })
                try await writer.kill()
                let acknowledged = try #require(Int64(writer.log.split(separator: "\n").dropLast().last ?? ""))
                let database = try SQLiteDatabase(path: path)
                let last = try await database.read(.pull) {
                    try $0.rows("SELECT COUNT(*), MAX(n) FROM acknowledged")[0]
                }
                #expect(last.integer(1) >= acknowledged)
                #expect(last.integer(0) == last.integer(1))
                let check = try await database.read(.pull) { try $0.rows("PRAGMA integrity_check")[0].text(0) }
                #expect(check == "ok")
                await database.close()
            }
        }
    }

    @Test(
        "a full write is answered after its log is flushed, and only a full one",
        .enabled(if: Tool.path(of: "strace") != nil))
    func flushOrder() async throws {
        try await withPeer { path, peer in
            let full = try await trace(peer, ["write", path, "20"], in: path)
            // After each answer comes a flush of the log before the next answer.
            let afterReady = full.drop { $0 != .said }.dropFirst()
            var flushed = 0
            for event in afterReady {
                switch event {
                case .flushedLog: flushed += 1
                case .said:
                    #expect(flushed >= 1, "an answer without a flush before it")
                    flushed = 0
                }
            }
            #expect(number(of: .said, in: afterReady) == 20)

            let relaxed = try await trace(peer, ["write", path, "20", "relaxed"], in: path)
            let answers = relaxed.drop { $0 != .said }
            let last = try #require(answers.lastIndex(of: .said))
            #expect(number(of: .said, in: answers) == 21)
            #expect(number(of: .flushedLog, in: answers[..<last]) == 0, "a relaxed answer waited for a flush")
            // Closing the last connection moves the log into the database, which flushes the log once.
            #expect(number(of: .flushedLog, in: answers[last...]) <= 1)
        }
    }

    @Test("a flush of the database that another thread's line cuts in two is not taken for one of the log")
    func interruptedFlush() {
        let text = """
            7 fdatasync(7</x/haven.db-wal> <unfinished ...>
            8 write(1</x/out>, "1\\n", 2) = 2
            7 <... fdatasync resumed>) = 0
            7 fdatasync(6</x/haven.db> <unfinished ...>
            8 write(1</x/out>, "2\\n", 2 <unfinished ...>
            7 <... fdatasync resumed>) = 0
            8 <... write resumed>) = 2
            9 fdatasync(4</x/haven.db-wal>) = -1 EIO (Input/output error)
            9 fdatasync(4</x/haven.db-wal>) = 0
            """
        #expect(events(inTrace: text) == [.said, .flushedLog, .said, .flushedLog])
    }

    @Test("fifty concurrent full writes share their flushes", .enabled(if: Tool.path(of: "strace") != nil))
    func groupFlush() async throws {
        try await withPeer { path, peer in
            let events = try await trace(peer, ["together", path, "50"], in: path)
            let flushes = number(of: .flushedLog, in: events.drop { $0 != .said })
            #expect((1...12).contains(flushes), "\(flushes) flushes for 50 writes")
        }
    }

    private func insert(_ database: SQLiteDatabase) async throws {
        try await database.write(.push, .full) { try $0.run("INSERT INTO acknowledged (pid) VALUES (0)") }
    }

    private func count(_ database: SQLiteDatabase) async throws -> Int64 {
        try await database.read(.pull) { try $0.rows("SELECT COUNT(*) FROM acknowledged")[0].integer(0) }
    }
}

/// What a traced process did that matters here.
private enum Event { case flushedLog, said }

private func number(of event: Event, in events: some Sequence<Event>) -> Int {
    events.reduce(0) { $0 + ($1 == event ? 1 : 0) }
}

/// Runs the peer under strace.
///
/// - Returns: Flushes of the log and lines printed, in the order in which they were finished or begun.
private func trace(_ peer: Tool, _ arguments: [String], in path: String) async throws -> [Event] {
    let output = "\(path).strace"
    try await Tool("strace").check(
        ["-f", "-y", "-o", output, "-e", "trace=fsync,fdatasync,write", peer.program] + arguments)
    return events(inTrace: try String(contentsOfFile: output, encoding: .utf8))
}

/// Reads what `strace -f -y` wrote: a call that another thread's line interrupts has a second line, which names no file.
private func events(inTrace text: String) -> [Event] {
    var flushesOfLog: Set<Substring> = []  // the threads whose unfinished call flushes the log
    return text.split(separator: "\n").compactMap { line in
        let thread = line.prefix { $0 != " " }
        if line.contains("sync(") {
            guard line.contains("-wal>") else { return nil }
            if line.hasSuffix("<unfinished ...>") { flushesOfLog.insert(thread) }
            return line.hasSuffix("= 0") ? .flushedLog : nil
        }
        if line.contains("sync resumed>") {
            return flushesOfLog.remove(thread) != nil && line.hasSuffix("= 0") ? .flushedLog : nil
        }
        return line.contains("write(1<") && !line.contains("resumed") ? .said : nil
    }
}

/// Runs `body` with the path of a database not yet made and the program that uses it from a second process.
private func withPeer(_ body: (_ path: String, _ peer: Tool) async throws -> Void) async throws {
    let built = Bundle.main.executableURL?.deletingLastPathComponent().path ?? "."
    try await withTemporaryFolder { try await body("\($0)/haven.db", Tool("\(built)/sql-peer")) }
}

func fileSize(_ path: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
}
