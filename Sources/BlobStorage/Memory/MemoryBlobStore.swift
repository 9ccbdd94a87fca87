// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import OCI
import Synchronization

/// Keeps blobs in memory: the reference of what ``BlobStore`` promises, and the store of tests.
package final class MemoryBlobStore: BlobStore {
    /// What the memory holds, shared by the store, its writers and its readers.
    struct Objects {
        struct Object {
            var bytes: ByteBuffer
            var modified: Int64
        }

        var stored: [BlobLocation: Object] = [:]
        /// Every name ever made; none may be made again.
        var names: Set<BlobLocation> = []
        var bytes: Int64 = 0
    }

    let objects = Mutex(Objects())
    private let capacity: Int64?

    package var name: String { "memory" }

    /// - Parameter capacity: Bytes it takes before it is full; nil for no limit.
    package init(capacity: Int64? = nil) { self.capacity = capacity }

    package func newBase() -> String { BlobName.random() }

    package func beginPart(
        _ number: Int, of plan: UploadPlan, at start: Int64
    ) async throws(BlobStorageError) -> any BlobPartWriter {
        guard start == plan.end else { throw .invalid("a part must begin where the upload ends") }
        return MemoryPartWriter(number, at: start, location: Self.location(plan.base, number), in: self)
    }

    package func assemble(
        _ plan: UploadPlan, asNumber number: Int, hashing: Digest.Algorithm?
    ) async throws(BlobStorageError) -> AssembledBlob {
        let location: BlobLocation
        if let finished = finished(plan) {
            location = finished
        } else {
            location = Self.location(plan.base, number)
            try make(location)
            try append(try content(of: plan), to: location)
        }
        let bytes = try stored(location)
        guard Int64(bytes.readableBytes) == plan.end else { throw .lost("\(location) has another size than its row") }
        let digest = hashing.map { algorithm in
            var hasher = DigestHasher(algorithm)
            bytes.withUnsafeReadableBytes { hasher.update($0) }
            return hasher.finish()
        }
        return AssembledBlob(location: location, size: Int64(bytes.readableBytes), digest: digest)
    }

    package func finished(_ plan: UploadPlan) -> BlobLocation? {
        guard let part = plan.parts.first, plan.parts.count == 1, part.etag == MemoryPartWriter.sealed else {
            return nil
        }
        return BlobLocation(rawValue: part.name)
    }

    package func reservedLocations(base: String, through number: Int, driver: String) -> [DoomedObject] {
        number < 1 ? [] : (1...number).map { DoomedObject(Self.location(base, $0)) }
    }

    package func open(_ location: BlobLocation) async throws(BlobStorageError) -> any BlobReader {
        guard location.isWellFormed else { throw .invalid("malformed location") }
        guard let object = objects.withLock({ $0.stored[location] }) else { throw .notFound }
        return MemoryBlobReader(object.bytes)
    }

    package func delete(_ doomed: [DoomedObject]) async -> [DeleteOutcome] {
        doomed.map { object in
            guard object.location.isWellFormed else { return .failed(.invalid("malformed location")) }
            objects.withLock { objects in
                let removed = objects.stored.removeValue(forKey: object.location)
                objects.bytes -= Int64(removed?.bytes.readableBytes ?? 0)
            }
            return .gone
        }
    }

    package func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64? {
        guard location.isWellFormed else { throw .invalid("malformed location") }
        return objects.withLock { $0.stored[location].map { Int64($0.bytes.readableBytes) } }
    }

    package func list(
        _ visit: (BlobLocation, _ size: Int64, _ modified: Int64) async throws -> Void
    ) async throws {
        for (location, object) in objects.withLock({ $0.stored }).sorted(by: { $0.key < $1.key }) {
            try await visit(location, Int64(object.bytes.readableBytes), object.modified)
        }
    }

    package func space() async -> StorageSpace? {
        guard let capacity else { return nil }
        return StorageSpace(free: capacity - objects.withLock { $0.bytes }, total: capacity, reserve: 0)
    }

    package func probe() async throws(BlobStorageError) { try await StorageProbe.run(on: self) }

    package func close() async {}
}

extension MemoryBlobStore {
    static func location(_ base: String, _ number: Int) -> BlobLocation {
        BlobLocation(rawValue: "docker/registry/v2/haven/\(base.prefix(2))/\(base)-\(number)")
    }

    /// Makes an empty object under a name that was never used.
    func make(_ location: BlobLocation) throws(BlobStorageError) {
        let isNew = objects.withLock { objects in
            guard objects.names.insert(location).inserted else { return false }
            objects.stored[location] = Objects.Object(bytes: ByteBuffer(), modified: WallClock.microseconds)
            return true
        }
        guard isNew else { throw .invalid("the name was used before") }
    }

    func append(_ bytes: ByteBuffer, to location: BlobLocation) throws(BlobStorageError) {
        let capacity = capacity
        let fits = objects.withLock { objects in
            let count = Int64(bytes.readableBytes)
            if let capacity, objects.bytes + count > capacity { return false }
            // A writer whose object was deleted writes into the void, as with files.
            guard objects.stored[location] != nil else { return true }
            objects.stored[location]?.bytes.writeImmutableBuffer(bytes)
            objects.bytes += count
            return true
        }
        guard fits else { throw .full }
    }

    private func stored(_ location: BlobLocation) throws(BlobStorageError) -> ByteBuffer {
        guard let object = objects.withLock({ $0.stored[location] }) else { throw .lost("\(location) is missing") }
        return object.bytes
    }

    private func content(of plan: UploadPlan) throws(BlobStorageError) -> ByteBuffer {
        var whole = ByteBuffer()
        for part in plan.parts {
            guard part.start == Int64(whole.readableBytes) else { throw .invalid("the parts leave a gap") }
            let bytes = try stored(BlobLocation(rawValue: part.name))
            guard let counted = bytes.getSlice(at: bytes.readerIndex, length: Int(part.length)) else {
                throw .lost("\(part.name) is shorter than its row says")
            }
            whole.writeImmutableBuffer(counted)
        }
        return whole
    }
}
