// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import Crypto
import Glibc
package import NIOCore
import Synchronization

/// The checksums a store wants of what it is sent.
package struct Checksums: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let md5 = Checksums(rawValue: 1)
    package static let sha256 = Checksums(rawValue: 2)
}

/// Bytes on their way to the store: written once, read as often as the store has to hear them.
///
/// The first 256 KiB stay in memory; only what is larger goes to a file. One owner appends, awaiting each call before the
/// next; readers come after the last byte.
package final class SpooledBytes: Sendable {
    /// How many bytes gather before they are written, and the most that stays in memory.
    package static let batch = 256 << 10

    private struct State {
        var waiting = ByteBuffer()
        var file: Int32 = -1
        /// How much of the spool's spare memory the file takes; nil while it is on disk.
        var spare: Int64?
        var written: Int64 = 0
        var md5: Insecure.MD5?
        var sha256: SHA256?
    }

    private let spool: Spool
    private let state: Mutex<State>

    package init(in spool: Spool, _ checksums: Checksums) {
        self.spool = spool
        var state = State()
        if checksums.contains(.md5) { state.md5 = Insecure.MD5() }
        if checksums.contains(.sha256) { state.sha256 = SHA256() }
        self.state = Mutex(state)
    }

    deinit {
        state.withLock { state in
            if state.file >= 0 { Glibc.close(state.file) }
            if let spare = state.spare { spool.spare.giveBack(spare) }
        }
    }

    /// How many bytes were appended.
    package var count: Int64 { state.withLock { $0.written + Int64($0.waiting.readableBytes) } }

    /// The MD5 of all bytes; empty when it was not asked for.
    package var md5: [UInt8] { state.withLock { $0.md5.map { Array($0.finalize()) } ?? [] } }

    /// The SHA-256 of all bytes; empty when it was not asked for.
    package var sha256: [UInt8] { state.withLock { $0.sha256.map { Array($0.finalize()) } ?? [] } }

    /// Takes bytes behind those taken before.
    ///
    /// - Throws: ``BlobStorageError/full`` when neither the spool's disk nor its spare memory has room.
    package func append(_ bytes: ByteBuffer) async throws(BlobStorageError) {
        let isBatch = state.withLock { state in
            bytes.withUnsafeReadableBytes { raw in
                state.md5?.update(bufferPointer: raw)
                state.sha256?.update(bufferPointer: raw)
                _ = state.waiting.writeBytes(raw)
            }
            return state.waiting.readableBytes > Self.batch
        }
        if isBatch { try await spool.pool.run { [self] () throws(BlobStorageError) in try writeWaiting() } }
    }

    /// The bytes at `offset`, at most `count` of them.
    package func read(at offset: Int64, upTo count: Int) async throws(BlobStorageError) -> ByteBuffer {
        let place = state.withLock { state -> (inMemory: ByteBuffer?, file: Int32) in
            guard offset >= state.written else { return (nil, state.file) }
            let start = Int(offset - state.written)
            let length = max(0, min(count, state.waiting.readableBytes - start))
            return (state.waiting.getSlice(at: state.waiting.readerIndex + start, length: length), state.file)
        }
        if let bytes = place.inMemory { return bytes }
        let rest = state.withLock { $0.written } - offset
        return try await spool.pool.run { () throws(BlobStorageError) in
            try Self.read(place.file, at: offset, count: Int(min(Int64(count), rest)))
        }
    }

    private func writeWaiting() throws(BlobStorageError) {
        try state.withLock { (state) throws(BlobStorageError) in
            do throws(BlobStorageError) {
                if state.file < 0 { state.file = try Spool.file(in: spool.folder) }
                try Self.write(&state, spool.spare)
            } catch .full where state.spare == nil {
                try Self.moveToMemory(&state, spool.spare)
                try Self.write(&state, spool.spare)
            }
        }
    }

    private static func write(_ state: inout State, _ spare: Spool.Spare) throws(BlobStorageError) {
        if let taken = state.spare {
            let more = Int64(state.waiting.readableBytes)
            try spare.take(more)
            state.spare = taken + more
        }
        while state.waiting.readableBytes > 0 {
            let count = state.waiting.withUnsafeReadableBytes {
                pwrite(state.file, $0.baseAddress, $0.count, Int(state.written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Spool.failure("write", errno) }
            state.waiting.moveReaderIndex(forwardBy: count)
            state.written += Int64(count)
        }
        state.waiting.clear()
    }

    /// Goes on in memory with what has been written to a disk that is full now.
    private static func moveToMemory(_ state: inout State, _ spare: Spool.Spare) throws(BlobStorageError) {
        // Where there is no such memory, the disk is what has no room.
        guard let file = try? Spool.file(in: Spool.Spare.folder) else { throw .full }
        do throws(BlobStorageError) {
            try spare.take(state.written)
        } catch {
            Glibc.close(file)
            throw error
        }
        let full = state.file
        (state.file, state.spare) = (file, state.written)
        guard full >= 0 else { return }
        defer { Glibc.close(full) }
        var offset: Int = 0
        while offset < state.written {
            let count = sendfile(file, full, &offset, Int(state.written) - offset)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Spool.failure("copy", count == 0 ? EIO : errno) }
        }
    }

    private static func read(_ file: Int32, at offset: Int64, count: Int) throws(BlobStorageError) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        while buffer.readableBytes < count {
            let place = Int(offset) + buffer.readableBytes
            let rest = count - buffer.readableBytes
            var result = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: rest) { space in
                result = pread(file, space.baseAddress, rest, place)
                return max(0, result)
            }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw Spool.failure("read", result == 0 ? EIO : errno) }
        }
        return buffer
    }
}

/// A stretch of spooled bytes as the body of a request, piece by piece.
package struct SpooledBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    package let bytes: SpooledBytes
    package let range: Range<Int64>

    package init(_ bytes: SpooledBytes, _ range: Range<Int64>? = nil) {
        self.bytes = bytes
        self.range = range ?? 0..<bytes.count
    }

    package struct Iterator: AsyncIteratorProtocol {
        let body: SpooledBody
        var offset: Int64

        package mutating func next() async throws -> ByteBuffer? {
            guard offset < body.range.upperBound else { return nil }
            let count = Int(Swift.min(Int64(64 << 10), body.range.upperBound - offset))
            let piece = try await body.bytes.read(at: offset, upTo: count)
            offset += Int64(piece.readableBytes)
            return piece.readableBytes > 0 ? piece : nil
        }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(body: self, offset: range.lowerBound) }
}
