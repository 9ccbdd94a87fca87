// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite
import Synchronization

/// Reads from shared memory whether anybody has committed.
///
/// In WAL mode every commit, by whichever process, rewrites the header of the "WAL-index" (SQLite, "WAL-mode File
/// Format", section 2.1): two equal copies of 48 bytes that hold a change counter, the number of frames and checksums.
/// They are written after the log is durable and before the commit returns. `PRAGMA data_version` reads the same
/// header, but through a transaction with file locks.
///
/// Not `Sendable`: its owner guards it, and closes it only when nobody reads.
struct SQLiteChangeStamp {
    /// Keeps the mapping alive.
    private let source: DatabaseQueue
    private let header: UnsafeRawPointer

    private static let headerSize = 48
    private static let regionSize: CInt = 32_768
    private static let knownVersion: UInt32 = 3_007_000

    /// - Parameter source: A connection to a database in WAL mode that is used for nothing else.
    /// - Returns: nil when the header has a version this code does not know.
    init?(_ source: DatabaseQueue) throws {
        let header = try source.inDatabase { try Self.map($0) }
        guard let header, header.load(as: UInt32.self) == Self.knownVersion else { return nil }
        self.source = source
        self.header = header
    }

    /// A number that differs whenever the header differs; nil while a commit is just being written.
    func read() -> UInt64? {
        for _ in 0..<8 {
            let first = digest(at: 0)
            atomicMemoryFence(ordering: .acquiring)
            let second = digest(at: Self.headerSize)
            if first == second { return first }
        }
        return nil
    }

    /// Mixes the 48 bytes so that equal numbers mean equal headers, but for one chance in 2⁶⁴.
    private func digest(at offset: Int) -> UInt64 {
        var mixed: UInt64 = 0
        for word in 0..<(Self.headerSize / 8) {
            mixed ^= header.load(fromByteOffset: offset + word * 8, as: UInt64.self)
            mixed = (mixed ^ mixed >> 32) &* 0xd6e8_feb8_6659_fd93
            mixed = (mixed ^ mixed >> 29) &* 0xff51_afd7_ed55_8ccd
        }
        return mixed
    }

    /// The start of the shared memory, through SQLite's own interface: opening the file ourselves and closing it again
    /// would drop SQLite's locks (POSIX advisory locks end with the first close by the process).
    private static func map(_ database: Database) throws -> UnsafeRawPointer? {
        _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")  // opens the log
        var file: UnsafeMutablePointer<sqlite3_file>?
        var region: UnsafeMutableRawPointer?
        let asked = sqlite3_file_control(database.sqliteConnection, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard asked == SQLITE_OK, let file, let methods = file.pointee.pMethods, let map = methods.pointee.xShmMap,
            methods.pointee.iVersion >= 2, map(file, 0, regionSize, 0, &region) == SQLITE_OK
        else { return nil }
        return region.map { UnsafeRawPointer($0) }
    }
}
