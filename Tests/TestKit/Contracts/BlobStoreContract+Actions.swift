// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import NIOCore

extension BlobStoreContract {
    /// Writes `bytes` in pieces as the next part of `plan`, seals it and publishes it.
    package static func append(
        _ bytes: [UInt8], to plan: inout UploadPlan, as number: Int, pieces: Int = 65_536, in store: any BlobStore
    ) async throws {
        let writer = try await store.beginPart(number, of: plan, at: plan.end)
        try await write(bytes, pieces: pieces, to: writer)
        plan.publish(try await writer.seal(), driver: writer.driver)
    }

    /// Hands `bytes` to `writer` as a socket would: in pieces.
    package static func write(_ bytes: [UInt8], pieces: Int = 65_536, to writer: any BlobPartWriter) async throws {
        for first in stride(from: 0, to: bytes.count, by: pieces) {
            let last = min(first + pieces, bytes.count)
            try await writer.write(
                bytes.withUnsafeBytes { ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: $0[first..<last])) })
        }
    }

    /// Stores a whole blob of one part.
    package static func push(_ bytes: [UInt8], to store: any BlobStore) async throws -> BlobLocation {
        var plan = UploadPlan(base: store.newBase())
        try await append(bytes, to: &plan, as: 1, in: store)
        return try await store.assemble(plan, asNumber: 2, hashing: nil).location
    }

    /// Reads a whole object in pieces.
    package static func content(
        of location: BlobLocation, in store: any BlobStore, pieces: Int = 256 << 10
    ) async throws -> [UInt8] {
        let reader = try await store.open(location)
        var bytes: [UInt8] = []
        while bytes.count < reader.size {
            let piece = try await reader.read(at: Int64(bytes.count), upTo: pieces)
            guard piece.readableBytes > 0 else { break }
            piece.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
        }
        await reader.close()
        return bytes
    }

    /// Every object of the store.
    package static func objects(in store: any BlobStore) async throws -> [BlobLocation: Int64] {
        var found: [BlobLocation: Int64] = [:]
        try await store.list { location, size, _ in found[location] = size }
        return found
    }
}
