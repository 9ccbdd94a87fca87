// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// Watches the room on a file system and keeps a reserve of it.
final class FreeSpace: Sendable {
    private struct Reading {
        var free: Int64
        var total: Int64
        var at: ContinuousClock.Instant
    }

    private let path: String
    private let reserve: Int64
    private let lifetime: Duration
    private let last = Mutex<Reading?>(nil)

    /// - Parameters:
    ///   - reserve: Bytes that must stay free; 0 leaves it to the file system to refuse.
    ///   - lifetime: How long a reading is believed; bytes written meanwhile are counted.
    init(path: String, reserve: Int64, lifetime: Duration = .seconds(1)) {
        self.path = path
        self.reserve = reserve
        self.lifetime = lifetime
    }

    /// Whether the last reading, of any age, showed less than the reserve. Does not block.
    var isKnownFull: Bool { last.withLock { reading in reading.map { $0.free < reserve } ?? false } }

    /// Sets `bytes` aside for a write that follows. Blocks when the last reading is old.
    ///
    /// - Throws: ``BlobStorageError/full`` when the reserve would be touched.
    func take(_ bytes: Int) throws(BlobStorageError) {
        guard reserve > 0 else { return }
        let space = current()
        guard let space, space.free - Int64(bytes) < reserve else {
            last.withLock { $0?.free -= Int64(bytes) }
            return
        }
        throw .full
    }

    /// The room now. Blocks when the last reading is old; nil when the file system does not tell.
    func current() -> StorageSpace? {
        let now = ContinuousClock.now
        let known = last.withLock { $0 }
        let reading = known.flatMap { now - $0.at < lifetime ? $0 : nil } ?? read(at: now)
        return reading.map { StorageSpace(free: $0.free, total: $0.total, reserve: reserve) }
    }

    private func read(at now: ContinuousClock.Instant) -> Reading? {
        var values = statvfs()
        guard statvfs(path, &values) == 0 else { return nil }
        let block = Int64(values.f_frsize)
        let reading = Reading(free: Int64(values.f_bavail) * block, total: Int64(values.f_blocks) * block, at: now)
        last.withLock { $0 = reading }
        return reading
    }
}
