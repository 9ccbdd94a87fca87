// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Writes a part into a ``MemoryBlobStore``.
final class MemoryPartWriter: BlobPartWriter {
    /// A part that can grow no more; see ``UploadPart/etag``.
    static let sealed = "sealed"

    private struct State {
        var isMade = false
        var length: Int64 = 0
        var published: UploadPart?
        var failure: BlobStorageError?
    }

    private let number: Int
    private let start: Int64
    private let location: BlobLocation
    private let store: MemoryBlobStore
    private let state = Mutex(State())

    init(_ number: Int, at start: Int64, location: BlobLocation, in store: MemoryBlobStore) {
        self.number = number
        self.start = start
        self.location = location
        self.store = store
    }

    var driver: String { "" }
    var isFilled: Bool { false }

    func write(_ bytes: ByteBuffer) async throws(BlobStorageError) {
        try poisoning { (state) throws(BlobStorageError) in
            guard state.published?.etag != Self.sealed else { throw .invalid("the part is sealed") }
            guard bytes.readableBytes > 0 else { return }
            try makeOnce(&state)
            try store.append(bytes, to: location)
            state.length += Int64(bytes.readableBytes)
        }
    }

    func publish() async throws(BlobStorageError) -> UploadPart { try publish(etag: "open") }

    func seal() async throws(BlobStorageError) -> UploadPart { try publish(etag: Self.sealed) }

    func abandon() async {
        let isUnpublished = state.withLock { state in
            state.failure = state.failure ?? .invalid("the part was abandoned")
            return state.isMade && state.published == nil
        }
        if isUnpublished { _ = await store.delete([DoomedObject(location)]) }
    }

    private func publish(etag: String) throws(BlobStorageError) -> UploadPart {
        try poisoning { (state) throws(BlobStorageError) in
            if let published = state.published, published.etag == Self.sealed { return published }
            try makeOnce(&state)
            let part = UploadPart(
                number: number, start: start, length: state.length, name: location.rawValue, etag: etag)
            state.published = part
            return part
        }
    }

    private func makeOnce(_ state: inout State) throws(BlobStorageError) {
        guard !state.isMade else { return }
        try store.make(location)
        state.isMade = true
    }

    private func poisoning<T: Sendable>(
        _ body: (inout State) throws(BlobStorageError) -> T
    ) throws(BlobStorageError) -> T {
        try state.withLock { (state) throws(BlobStorageError) -> sending T in
            if let failure = state.failure { throw failure }
            do throws(BlobStorageError) { return try body(&state) } catch {
                if case .invalid = error, state.isMade { throw error }
                state.failure = error
                throw error
            }
        }
    }
}
