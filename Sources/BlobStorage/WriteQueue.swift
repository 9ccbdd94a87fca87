// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Gathers bytes into batches and says when to write and when to wait; a state machine without I/O.
///
/// At most one batch is being written and about one more waits, so a transfer holds some 512 KiB.
struct WriteQueue {
    enum Step {
        case proceed
        /// Write this batch now, and answer with ``finished(_:)``.
        case write([ByteBuffer])
        /// There is no room until the batch being written has ended.
        case wait
        case fail(BlobStorageError)
    }

    /// Bytes that make a batch. Measured: batches of 1 MiB need up to a fifth less processor time, and more memory for
    /// each of many uploads at once.
    static let batchBytes = 256 << 10
    /// Shorter pieces are copied together, so that they do not keep the large buffers they are slices of.
    private static let smallBytes = 8 << 10

    private var waiting: [ByteBuffer] = []
    private var waitingBytes = 0
    private var isLastOurs = false
    private(set) var isWriting = false
    private(set) var failure: BlobStorageError?
    /// All bytes ever taken.
    private(set) var taken: Int64 = 0

    mutating func take(_ bytes: ByteBuffer) -> Step {
        if let failure { return .fail(failure) }
        store(bytes)
        guard waitingBytes >= Self.batchBytes else { return .proceed }
        return isWriting ? .wait : .write(begin())
    }

    /// The batch ended. Returns the next one when enough has gathered.
    mutating func finished(_ error: BlobStorageError?) -> Step {
        isWriting = false
        if let error { fail(error) }
        if let failure { return .fail(failure) }
        return waitingBytes >= Self.batchBytes ? .write(begin()) : .proceed
    }

    /// Hands out everything that waits, for the flush that follows; only while nothing is being written.
    mutating func drain() -> [ByteBuffer] {
        precondition(!isWriting, "a batch is being written")
        return begin()
    }

    mutating func fail(_ error: BlobStorageError) {
        failure = failure ?? error
        waiting = []
        waitingBytes = 0
    }

    private mutating func begin() -> [ByteBuffer] {
        defer {
            waiting = []
            waitingBytes = 0
            isLastOurs = false
            isWriting = true
        }
        return waiting
    }

    private mutating func store(_ bytes: ByteBuffer) {
        let count = bytes.readableBytes
        taken += Int64(count)
        waitingBytes += count
        guard count < Self.smallBytes || count * 8 < bytes.storageCapacity else {
            waiting.append(bytes)
            isLastOurs = false
            return
        }
        if isLastOurs, let last = waiting.indices.last, waiting[last].writableBytes >= count {
            waiting[last].writeImmutableBuffer(bytes)
        } else {
            var ours = ByteBufferAllocator().buffer(capacity: max(count, min(64 << 10, waitingBytes * 2)))
            ours.writeImmutableBuffer(bytes)
            waiting.append(ours)
            isLastOurs = true
        }
    }
}
