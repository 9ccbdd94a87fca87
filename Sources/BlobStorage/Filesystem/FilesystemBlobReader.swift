// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import NIOCore
import Synchronization

/// Reads one file. Bytes that are in the page cache are taken at once, without a visit to the pool.
final class FilesystemBlobReader: BlobReader {
    private struct State {
        var readers = 0
        var isClosed = false
    }

    let size: Int64
    private let file: Int32
    private let pool: BlockingPool
    private let state = Mutex(State())

    /// Takes an open descriptor over. Closes it when it is not that of a regular file.
    init(descriptor: Int32, pool: BlockingPool) throws(BlobStorageError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(descriptor)
            throw .notFound
        }
        file = descriptor
        size = Int64(status.st_size)
        self.pool = pool
    }

    deinit {
        state.withLock { if !$0.isClosed { Glibc.close(file) } }
    }

    var descriptor: Int32? { file }

    func read(at offset: Int64, upTo count: Int) async throws(BlobStorageError) -> ByteBuffer {
        guard offset >= 0, count >= 0 else { throw .invalid("a read before the start") }
        let wanted = Int(max(0, min(Int64(count), size - offset)))
        guard wanted > 0 else { return ByteBuffer() }
        guard enter() else { throw .invalid("the reader is closed") }
        defer { leave() }
        var buffer = ByteBufferAllocator().buffer(capacity: wanted)
        readCached(into: &buffer, at: offset, count: wanted)
        if buffer.readableBytes == wanted { return buffer }
        return try await pool.run { [buffer, file] () throws(BlobStorageError) in
            var buffer = buffer
            while buffer.readableBytes < wanted {
                try Self.read(file, into: &buffer, from: offset, upTo: wanted)
            }
            return buffer
        }
    }

    func close() async {
        let isLast = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isClosed = true
            return state.readers == 0
        }
        if isLast { release() }
    }

    private func readCached(into buffer: inout ByteBuffer, at offset: Int64, count: Int) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            max(0, haven_read_cached(file, space.baseAddress, count, offset))
        }
    }

    private static func read(
        _ file: Int32, into buffer: inout ByteBuffer, from start: Int64, upTo wanted: Int
    ) throws(BlobStorageError) {
        let rest = wanted - buffer.readableBytes
        let position = start + Int64(buffer.readableBytes)
        var count = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: rest) { space in
            count = retrying { pread(file, space.baseAddress, rest, Int(position)) }
            return max(0, count)
        }
        guard count >= 0 else { throw errno == ESTALE ? .notFound : .unreachable("pread failed (\(errno))") }
        guard count > 0 else { throw .lost("a stored object is shorter than it was") }
    }

    private func enter() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.readers += 1
            return true
        }
    }

    private func leave() {
        let isLast = state.withLock { state in
            state.readers -= 1
            return state.isClosed && state.readers == 0
        }
        if isLast { release() }
    }

    /// The last descriptor of a deleted file frees its blocks when it is closed, which takes long for a large one.
    private func release() {
        var status = stat()
        guard fstat(file, &status) == 0, status.st_nlink == 0 else {
            Glibc.close(file)
            return
        }
        pool.start { [file] _ in Glibc.close(file) }
    }
}
