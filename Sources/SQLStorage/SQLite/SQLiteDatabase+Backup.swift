// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB

extension SQLiteDatabase {
    /// Writes a copy of one committed state to a new file, durably, while reads and writes go on.
    ///
    /// - Parameter destination: The path of the copy; no file may be there.
    /// - Throws: ``SQLError/invalid(_:)`` when a file is there; otherwise as for opening and writing files.
    package func backup(to destination: String) async throws {
        let source = SQLiteFile(path: path, busyTimeout: .seconds(5))
        try await withCheckedThrowingContinuation { (caller: CheckedContinuation<Void, any Error>) in
            // A thread of its own: copying may take minutes, and neither pool has threads for that.
            Thread.detachNewThread {
                caller.resume(with: Result { try source.copy(to: destination) })
            }
        }
    }
}

extension SQLiteFile {
    /// Copies the state of this moment; readers of a log hold no writer back.
    fileprivate func copy(to destination: String) throws {
        guard !FileManager.default.fileExists(atPath: destination) else {
            throw SQLError.invalid("there is a file at \(destination)")
        }
        do {
            let copy = SQLiteFile(path: destination, busyTimeout: busyTimeout)
            try copy.create()
            let target = try DatabaseQueue(path: destination)
            try open(readOnly: true).backup(to: target)
            // The copy of a database in WAL mode is marked as such; a copy that is one file is easier to keep.
            try target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try target.close()
            try SQLitePlace.flush(file: destination)
        } catch {
            throw SQLError.of(error)
        }
    }
}
