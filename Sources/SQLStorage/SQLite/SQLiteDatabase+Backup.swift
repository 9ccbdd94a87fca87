// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

extension SQLiteDatabase {
    /// Writes a copy of one committed state to a new file, durably, while reads and writes go on.
    ///
    /// - Parameters:
    ///   - destination: The path of the copy, which appears there whole or not at all.
    ///   - replacing: Whether a file there is replaced.
    /// - Throws: ``SQLError/invalid(_:)`` when a file is there that must not be replaced; otherwise as for opening and
    ///   writing files.
    package func backup(to destination: String, replacing: Bool = false) async throws {
        let source = SQLiteFile(path: path, busyTimeout: .seconds(5))
        try await withCheckedThrowingContinuation { (caller: CheckedContinuation<Void, any Error>) in
            // A thread of its own: copying may take minutes, and neither pool has threads for that.
            Thread.detachNewThread {
                caller.resume(with: Result { try source.copy(to: destination, replacing: replacing) })
            }
        }
    }
}

extension SQLiteFile {
    /// Copies the state of this moment; readers of a log hold no writer back.
    fileprivate func copy(to destination: String, replacing: Bool) throws(SQLError) {
        guard replacing || !FileManager.default.fileExists(atPath: destination) else {
            throw .invalid("there is a file at \(destination)")
        }
        let partial = "\(destination).partial"
        unlink(partial)  // what an interrupted copy left
        do {
            try SQLiteFile(path: partial, busyTimeout: busyTimeout).create()
            let target = try DatabaseQueue(path: partial)
            try open(readOnly: true).backup(to: target)
            // The copy of a database in WAL mode is marked as such; a copy that is one file is easier to keep.
            try target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try target.close()
            try SQLitePlace.flush(file: partial)
        } catch {
            unlink(partial)
            throw .of(error)
        }
        guard rename(partial, destination) == 0 else { throw SQLitePlace.failure("name", destination) }
        try SQLitePlace.flush(directoryOf: destination)
    }
}
