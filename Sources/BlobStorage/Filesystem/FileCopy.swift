// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Moves bytes between open files. Every call blocks.
enum FileCopy {
    /// Copies inside the kernel where the file system can, sharing the blocks where it can even that.
    static func append(
        from source: Int32, at offset: Int64, count: Int, to target: Int32, at end: Int64
    ) throws(BlobStorageError) {
        var from = Int(offset)
        var to = Int(end)
        while from < Int(offset) + count {
            let rest = Int(offset) + count - from
            let copied = retrying { copy_file_range(source, &from, target, &to, rest, 0) }
            if copied > 0 { continue }
            guard copied < 0 else { throw .lost("a part is shorter than its row says") }
            guard [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) else { throw .afterWriting("copy_file_range") }
            try appendByHand(from: source, at: Int64(from), count: rest, to: target, at: Int64(to))
            return
        }
    }

    static func readFully(
        _ source: Int32, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(BlobStorageError) {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = retrying { pread(source, rest.baseAddress, rest.count, Int(offset) + done) }
            guard count >= 0 else { throw .afterWriting("pread") }
            guard count > 0 else { throw .lost("a stored object is shorter than it was") }
            done += count
        }
    }

    private static func appendByHand(
        from source: Int32, at offset: Int64, count: Int, to target: Int32, at end: Int64
    ) throws(BlobStorageError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 256 << 10), alignment: 4096)
        defer { buffer.deallocate() }
        var done = 0
        while done < count {
            let chunk = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(count - done))
            try readFully(source, at: offset + Int64(done), into: chunk)
            var rest = UnsafeRawBufferPointer(chunk)[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let position = Int(end) + done + chunk.count - rest.count
                let written = retrying { pwrite(target, piece.baseAddress, piece.count, position) }
                guard written > 0 else { throw .afterWriting("pwrite") }
                rest = rest.dropFirst(written)
            }
            done += chunk.count
        }
    }
}
