// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import Glibc
import Synchronization

/// Where parts wait on disk until the store has them: files without a name, gone with the process.
///
/// An object store wants a part's length before its first byte and may have to hear the part again. On disk, a part of any
/// size costs a transfer no more memory than its batches. While the disk is full they wait in memory, as far as ``Spare`` goes: a
/// node that could serve all others its pushes should not refuse its own.
package struct Spool: Sendable {
    let folder: String
    let pool: BlockingPool
    let spare: Spare

    /// - Parameters:
    ///   - folder: Made when absent; only this account may look into it.
    ///   - spare: How many bytes may be in memory while the disk is full.
    ///   - threads: Threads that may wait for the disk.
    package static func open(
        folder: String, spare: Int64 = 256 << 20, threads: Int = 4
    ) async throws(BlobStorageError) -> Spool {
        let spool = Spool(folder: folder, pool: BlockingPool(threads: threads), spare: Spare(limit: spare))
        do throws(BlobStorageError) {
            try await spool.pool.run { () throws(BlobStorageError) in
                guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                    throw .unreachable("the spool \(folder) cannot be made: \(String(cString: strerror(errno)))")
                }
                Glibc.close(try Spool.file(in: folder))
            }
        } catch {
            await spool.close()
            throw error
        }
        return spool
    }

    func close() async { await pool.close() }

    /// A file without a name. Blocks.
    static func file(in folder: String) throws(BlobStorageError) -> Int32 {
        // O_TMPFILE of <fcntl.h>, which Glibc does not show: __O_TMPFILE | O_DIRECTORY.
        let unnamed = Glibc.open(folder, 0o20000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o600)
        if unnamed >= 0 { return unnamed }
        // Some file systems have no such files: make a name and remove it at once.
        let path = "\(folder)/\(BlobName.random())"
        let named = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard named >= 0 else { throw failure("open", errno) }
        unlink(path)
        return named
    }

    /// Memory that all parts share while the disk is full.
    final class Spare: Sendable {
        /// Where files are in memory.
        static let folder = "/dev/shm"

        private let limit: Int64
        private let taken = Mutex<Int64>(0)

        init(limit: Int64) { self.limit = limit }

        /// - Throws: ``BlobStorageError/full`` when less is left.
        func take(_ count: Int64) throws(BlobStorageError) {
            try taken.withLock { (taken) throws(BlobStorageError) in
                guard taken + count <= limit else { throw .full }
                taken += count
            }
        }

        func giveBack(_ count: Int64) { taken.withLock { $0 -= count } }
    }

    static func failure(_ call: String, _ code: Int32) -> BlobStorageError {
        code == ENOSPC || code == EDQUOT ? .full : .unreachable("spool: \(call): \(String(cString: strerror(code)))")
    }
}
