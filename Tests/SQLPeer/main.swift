// SPDX-License-Identifier: Apache-2.0

import Foundation
import SQLStorage

// A second process on a database, for tests of what only a second process can show.
//
//     sql-peer write PATH COUNT [relaxed]   inserts rows one by one; prints each number once it is committed
//     sql-peer together PATH COUNT          inserts rows at once; prints one line when all are committed
//     sql-peer hold PATH MILLISECONDS       keeps the write lock that long; prints "held" once it has it
//     sql-peer time PATH COUNT              prints how long reads and writes take

/// Prints a line at once: a reader of the pipe takes it as acknowledged.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

func insert(into database: SQLiteDatabase, _ durability: SQLDurability) async throws -> Int64 {
    try await database.write(.push, durability) { transaction in
        try transaction.run("INSERT INTO acknowledged (pid) VALUES (\(Int(getpid())))")
        return try transaction.rows("SELECT MAX(n) FROM acknowledged")[0].integer(0)
    }
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let count = Int(arguments[3]) else {
    say("usage: sql-peer write|together|hold|time PATH NUMBER [relaxed]")
    exit(2)
}
let database = try SQLiteDatabase(path: arguments[2])
try await database.write(.push, .full) { transaction in
    // A new log's beginning is flushed with its first page, whatever is asked for: this page, and none that is counted.
    try transaction.run("CREATE TABLE IF NOT EXISTS openings (pid INTEGER NOT NULL) STRICT")
    try transaction.run("INSERT INTO openings (pid) VALUES (\(Int64(getpid())))")
    try transaction.run(
        "CREATE TABLE IF NOT EXISTS acknowledged (n INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL) STRICT")
}
say("ready")

switch arguments[1] {
case "write":
    for _ in 0..<count {
        say("\(try await insert(into: database, arguments.count > 4 ? .relaxed : .full))")
    }
case "together":
    try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<count { group.addTask { _ = try await insert(into: database, .full) } }
        try await group.waitForAll()
    }
    say("committed")
case "hold":
    try await database.write(.push, .full) { _ in
        say("held")
        usleep(UInt32(count) * 1000)
    }
case "time":
    let clock = ContinuousClock()
    let row = try await insert(into: database, .full)
    let reads = try await clock.measure {
        for _ in 0..<count {
            _ = try await database.read(.pull) { try $0.rows("SELECT pid FROM acknowledged WHERE n = \(row)") }
        }
    }
    let stamps = clock.measure { for _ in 0..<count { _ = database.changeStamp() } }
    let writes = try await clock.measure { for _ in 0..<count { _ = try await insert(into: database, .full) } }
    let many = try await clock.measure {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { _ = try await insert(into: database, .full) } }
            try await group.waitForAll()
        }
    }
    say("read \(reads / count) stamp \(stamps / count) write \(writes / count) write together \(many / count)")
default:
    say("unknown: \(arguments[1])")
}
await database.close()
