// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import NIOCore
import Synchronization

/// Gathers one part on disk and sends it when it is sealed.
final class CloudPartWriter: BlobPartWriter {
    private struct State {
        var sealed: UploadPart?
        var failure: BlobStorageError?
        var driver: String
        var bytes: SpooledBytes?
    }

    private let number: Int
    /// Where the upload ended when the part was begun, and where its own first byte stands: earlier, after a short tail.
    private let end: Int64
    private let start: Int64
    private let base: String
    private let mayBeAlone: Bool
    private let service: any ObjectService
    private let state: Mutex<State>

    /// - Parameter tail: The part whose bytes are in `bytes` already.
    init(
        _ number: Int, of plan: UploadPlan, after tail: UploadPart?, _ bytes: SpooledBytes, _ service: any ObjectService
    ) {
        self.number = number
        self.service = service
        base = plan.base
        end = plan.end
        start = tail?.start ?? plan.end
        // After a tail more parts are likely to come: then it is better to begin joining now than to read it back again.
        mayBeAlone = start == 0 && tail == nil
        state = Mutex(State(driver: plan.driver, bytes: bytes))
    }

    var driver: String { state.withLock { $0.driver } }

    var isFilled: Bool { (state.withLock { $0.bytes }?.count ?? 0) >= service.rules.length(of: number) }

    func write(_ bytes: ByteBuffer) async throws(BlobStorageError) {
        let spooled = try usable()
        guard bytes.readableBytes > 0 else { return }
        do throws(BlobStorageError) { try await spooled.append(bytes) } catch { throw poison(error) }
    }

    /// Nothing is sent before the part is sealed, so nothing new is durable.
    func publish() async throws(BlobStorageError) -> UploadPart {
        if let sealed = state.withLock({ $0.sealed }) { return sealed }
        _ = try usable()
        return UploadPart(number: number, start: end, length: 0, name: "", etag: "")
    }

    func seal() async throws(BlobStorageError) -> UploadPart {
        if let sealed = state.withLock({ $0.sealed }) { return sealed }
        let bytes = try usable()
        let part: UploadPart
        do throws(BlobStorageError) { part = try await send(bytes) } catch { throw poison(error) }
        state.withLock { state in
            state.sealed = part
            state.bytes = nil
        }
        return part
    }

    func abandon() async {
        state.withLock { state in
            state.failure = state.failure ?? .invalid("the part was abandoned")
            state.bytes = nil
        }
    }

    private func send(_ bytes: SpooledBytes) async throws(BlobStorageError) -> UploadPart {
        let (count, state) = (bytes.count, driver)
        // A first part that is not full may be all there is, and then its object is the blob.
        let isAlone = mayBeAlone && count < service.rules.length(of: number)
        if isAlone || count < service.rules.smallestPiece {
            let location = CloudNames.object(base, number)
            let etag = try await service.put(bytes, at: location)
            return UploadPart(number: number, start: start, length: count, name: location.rawValue, etag: etag)
        }
        guard number <= service.rules.highestNumber else {
            throw .invalid("the upload has more than \(service.rules.highestNumber) parts; push it in larger chunks")
        }
        let piece = try await service.putPiece(bytes, number: number, base: base, state: state)
        self.state.withLock { $0.driver = piece.state }
        return UploadPart(number: number, start: start, length: count, name: piece.name, etag: piece.etag)
    }

    private func usable() throws(BlobStorageError) -> SpooledBytes {
        let (bytes, failure, isSealed) = state.withLock { ($0.bytes, $0.failure, $0.sealed != nil) }
        if let failure { throw failure }
        guard let bytes, !isSealed else { throw .invalid("the part is sealed") }
        return bytes
    }

    private func poison(_ error: BlobStorageError) -> BlobStorageError {
        state.withLock { state in
            state.failure = state.failure ?? error
            state.bytes = nil
        }
        return error
    }
}
