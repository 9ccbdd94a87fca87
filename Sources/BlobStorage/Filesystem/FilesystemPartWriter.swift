// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Writes a part as one file, in batches, behind the caller's back; see ``WriteQueue``.
///
/// A part below one batch costs a single visit to the pool: make, write, flush, close, flush the folder.
final class FilesystemPartWriter: BlobPartWriter {
    /// How a part was left, in ``UploadPart/etag``: a sealed file is closed and can grow no more, so it may become
    /// the blob itself; an open one may still be written by somebody who does not know that he lost it.
    enum Ending: String {
        case open
        case sealed
    }

    private struct State {
        var queue = WriteQueue()
        var waiter: CheckedContinuation<Void, Never>?
        var published: UploadPart?
        var isSealed = false
    }

    private let number: Int
    private let start: Int64
    private let file: PartFile
    private let pool: BlockingPool
    private let faults: FaultPoints
    private let state = Mutex(State())

    init(_ number: Int, at start: Int64, file: PartFile, pool: BlockingPool, faults: FaultPoints) {
        self.number = number
        self.start = start
        self.file = file
        self.pool = pool
        self.faults = faults
    }

    var driver: String { "" }
    var isFilled: Bool { false }

    func write(_ bytes: ByteBuffer) async throws(BlobStorageError) {
        let step: WriteQueue.Step = state.withLock { state in
            if state.isSealed { return .fail(.invalid("the part is sealed")) }
            return bytes.readableBytes == 0 ? .proceed : state.queue.take(bytes)
        }
        switch step {
        case .proceed: return
        case .write(let batch): startWriting(batch)
        case .fail(let error): throw error
        case .wait:
            await batchEnd()
            if let failure = state.withLock({ $0.queue.failure }) { throw failure }
        }
    }

    func publish() async throws(BlobStorageError) -> UploadPart { try await flush(sealing: false) }

    func seal() async throws(BlobStorageError) -> UploadPart { try await flush(sealing: true) }

    func abandon() async {
        while state.withLock({ $0.queue.isWriting }) { await batchEnd() }
        let isUnpublished = state.withLock { state in
            state.isSealed = true
            state.queue.fail(.invalid("the part was abandoned"))
            return state.published == nil
        }
        // Fails only when the store is closed, and then the file closes itself.
        try? await pool.run { [file] in file.discard(removing: isUnpublished) }
    }

    private func flush(sealing: Bool) async throws(BlobStorageError) -> UploadPart {
        while state.withLock({ $0.queue.isWriting }) { await batchEnd() }
        guard let batch = try takeRest(sealing: sealing) else { return try published() }
        let result: Outcome<Int64>
        do throws(BlobStorageError) {
            result = .success(
                try await pool.run { [file, faults] () throws(BlobStorageError) in
                    if !batch.isEmpty { try file.append(batch) }
                    let length = try file.flush(closing: sealing)
                    try faults.reachStorage("upload.afterPart")
                    return length
                })
        } catch {
            result = .failure(error)
        }
        return try finish(result, sealing: sealing)
    }

    /// The bytes that still have to be written, or nil when everything is published already.
    private func takeRest(sealing: Bool) throws(BlobStorageError) -> [ByteBuffer]? {
        try state.withLock { (state) throws(BlobStorageError) -> sending [ByteBuffer]? in
            if let failure = state.queue.failure { throw failure }
            let isComplete = state.published.map { $0.length == state.queue.taken } ?? false
            if state.isSealed || (isComplete && !sealing) { return nil }
            return state.queue.drain()
        }
    }

    private func published() throws(BlobStorageError) -> UploadPart {
        guard let part = state.withLock({ $0.published }) else { throw .invalid("the part was abandoned") }
        return part
    }

    private func finish(_ result: Outcome<Int64>, sealing: Bool) throws(BlobStorageError) -> UploadPart {
        try state.withLock { (state) throws(BlobStorageError) -> sending UploadPart in
            switch result {
            case .failure(let error):
                _ = state.queue.finished(error)
                throw error
            case .success(let length):
                _ = state.queue.finished(nil)
                let ending: Ending = sealing ? .sealed : .open
                let part = UploadPart(
                    number: number, start: start, length: length, name: file.location.rawValue, etag: ending.rawValue)
                state.published = part
                state.isSealed = sealing
                return part
            }
        }
    }

    private func startWriting(_ batch: [ByteBuffer]) {
        pool.start { [self] isOpen in
            let outcome = isOpen ? Outcome { () throws(BlobStorageError) in try file.append(batch) } : .closed
            let (next, waiter) = state.withLock { state in
                defer { state.waiter = nil }
                return (state.queue.finished(outcome.failure), state.waiter)
            }
            if case .write(let batch) = next { startWriting(batch) }
            waiter?.resume()
        }
    }

    /// Waits until the batch being written has ended; the next one may have begun.
    private func batchEnd() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.queue.isWriting else { return true }
                state.waiter = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
