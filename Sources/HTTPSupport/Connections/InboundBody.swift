// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// The body of a request between the wire and the handler: a pure state machine, used on one event loop.
struct InboundBody {
    private enum State {
        case arriving
        case ended
        case failed(any Error)
    }

    /// What the reader gets.
    enum Taken {
        case bytes(ByteBuffer)
        case end
        case nothingYet
    }

    private var state: State
    private var chunks = CircularBuffer<ByteBuffer>()
    /// Bytes that arrived and were not taken.
    private(set) var buffered = 0
    /// Bytes that arrived in all.
    private(set) var received = 0
    /// Nobody will read any more: what arrives is dropped.
    private(set) var isAbandoned = false

    /// - Parameter isExpected: False when the head says that no body follows.
    init(isExpected: Bool) {
        state = isExpected ? .arriving : .ended
    }

    var isComplete: Bool {
        if case .ended = state { true } else { false }
    }

    var isFailed: Bool {
        if case .failed = state { true } else { false }
    }

    mutating func receive(_ bytes: ByteBuffer) {
        received += bytes.readableBytes
        guard case .arriving = state, !isAbandoned, bytes.readableBytes > 0 else { return }
        buffered += bytes.readableBytes
        chunks.append(bytes)
    }

    mutating func end() {
        if case .arriving = state { state = .ended }
    }

    /// The rest will not come. What already arrived is of no use without it.
    mutating func fail(_ error: any Error) {
        guard case .arriving = state else { return }
        state = .failed(error)
        drop()
    }

    mutating func abandon() {
        isAbandoned = true
        drop()
    }

    mutating func take() throws -> Taken {
        if let chunk = chunks.popFirst() {
            buffered -= chunk.readableBytes
            return .bytes(chunk)
        }
        switch state {
        case .arriving: return .nothingYet
        case .ended: return .end
        case .failed(let error): throw error
        }
    }

    private mutating func drop() {
        chunks.removeAll()
        buffered = 0
    }
}
