// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Reads the bytes as they were when the object was opened.
final class MemoryBlobReader: BlobReader {
    private let bytes: ByteBuffer
    private let isClosed = Mutex(false)

    init(_ bytes: ByteBuffer) { self.bytes = bytes }

    var size: Int64 { Int64(bytes.readableBytes) }
    var descriptor: Int32? { nil }

    func read(at offset: Int64, upTo count: Int) async throws(BlobStorageError) -> ByteBuffer {
        guard offset >= 0, count >= 0 else { throw .invalid("a read before the start") }
        guard !isClosed.withLock({ $0 }) else { throw .invalid("the reader is closed") }
        let length = Int(max(0, min(Int64(count), size - offset)))
        guard length > 0 else { return ByteBuffer() }
        return bytes.getSlice(at: bytes.readerIndex + Int(offset), length: length) ?? ByteBuffer()
    }

    func close() async { isClosed.withLock { $0 = true } }
}
