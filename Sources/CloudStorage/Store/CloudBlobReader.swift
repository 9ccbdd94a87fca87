// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import NIOCore
import Synchronization

/// Reads an object as one stream from the store, which is asked for more only when somebody reads.
///
/// A read elsewhere than where the stream stands, and a stream that breaks, cost a new request from that offset on. A stream
/// that breaks again and again without a byte in between is an error, never an end.
final class CloudBlobReader: BlobReader {
    private struct Position {
        var stream: CloudStream
        var offset: Int64
        var rest = ByteBuffer()
    }
    private struct State {
        var position: Position?
        var isClosed = false
    }

    /// Breaks in a row, without a byte between them, that are healed.
    private static let breaks = 4

    let size: Int64
    private let location: BlobLocation
    private let service: any ObjectService
    private let state: Mutex<State>

    init(_ location: BlobLocation, _ stream: ObjectStream, _ service: any ObjectService) {
        self.location = location
        self.service = service
        size = stream.size
        state = Mutex(State(position: Position(stream: stream.bytes, offset: 0)))
    }

    var descriptor: Int32? { nil }

    func read(at offset: Int64, upTo count: Int) async throws(BlobStorageError) -> ByteBuffer {
        try await read(at: offset, atLeast: count, upTo: count)
    }

    func readSome(at offset: Int64, upTo count: Int) async throws(BlobStorageError) -> ByteBuffer {
        try await read(at: offset, atLeast: 1, upTo: count)
    }

    private func read(
        at offset: Int64, atLeast least: Int, upTo count: Int
    ) async throws(BlobStorageError) -> ByteBuffer {
        guard offset >= 0, count >= 0 else { throw .invalid("a read before the start") }
        let wanted = Int(max(0, min(Int64(count), size - offset)))
        // Whoever reads owns the stream meanwhile; another reader at the same time opens one for itself.
        let (taken, isClosed) = state.withLock { state in
            let position = state.position
            if wanted > 0 { state.position = nil }
            return (position, state.isClosed)
        }
        if isClosed { throw .invalid("the reader is closed") }
        guard wanted > 0 else { return ByteBuffer() }
        var position = taken?.offset == offset ? taken : nil
        let bytes = try await gather(min(least, wanted), upTo: wanted, from: offset, &position)
        let kept = position
        state.withLock { if !$0.isClosed { $0.position = kept } }
        return bytes
    }

    func close() async {
        state.withLock { state in
            state.isClosed = true
            state.position = nil
        }
    }

    private func gather(
        _ least: Int, upTo wanted: Int, from offset: Int64, _ position: inout Position?
    ) async throws(BlobStorageError) -> ByteBuffer {
        var bytes = ByteBuffer()
        var breaks = 0
        while bytes.readableBytes < least {
            let place = offset + Int64(bytes.readableBytes)
            do throws(BlobStorageError) {
                if position == nil { position = try await open(at: place) }
                guard var piece = try await next(&position) else {
                    throw .unreachable("\(location) ended early")
                }
                breaks = 0
                let count = min(piece.readableBytes, wanted - bytes.readableBytes)
                if bytes.readableBytes == 0, count >= least, let slice = piece.readSlice(length: count) {
                    bytes = slice
                } else if let slice = piece.readSlice(length: count) {
                    if bytes.readableBytes == 0 { bytes = ByteBufferAllocator().buffer(capacity: wanted) }
                    bytes.writeImmutableBuffer(slice)
                }
                position?.rest = piece
                position?.offset += Int64(count)
            } catch {
                position = nil
                breaks += 1
                guard case .unreachable = error, breaks < Self.breaks, !Task.isCancelled else { throw error }
            }
        }
        return bytes
    }

    private func open(at offset: Int64) async throws(BlobStorageError) -> Position {
        let stream: ObjectStream
        do throws(BlobStorageError) { stream = try await service.read(location, from: offset) } catch {
            throw error == .notFound ? .lost("\(location) was deleted while it was read") : error
        }
        guard stream.size == size else { throw .lost("\(location) has another size than before") }
        return Position(stream: stream.bytes, offset: offset)
    }

    private func next(_ position: inout Position?) async throws(BlobStorageError) -> ByteBuffer? {
        guard let current = position else { return nil }
        if current.rest.readableBytes > 0 { return current.rest }
        do throws(CloudFailure) {
            while let piece = try await current.stream.next() {
                if piece.readableBytes > 0 { return piece }
            }
            return nil
        } catch {
            throw error.storageError("\(service.name) get")
        }
    }
}
