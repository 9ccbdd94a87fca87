// SPDX-License-Identifier: Apache-2.0

import Access
import BlobStorage
import CloudStorage
import Lifecycle
import Logging
import Metadata
import NIOCore
import OCI
import Registry
import TestKit
import Testing

extension ObjectStores {
    /// Uploads by the rules of `Registry` on real object stores, with parts of a quarter of a MiB.
    @Suite("the registry on object stores", .serialized)
    struct RegistryOnObjectsTests {
        enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
            case ceph, swift, azure, oss, gcs
            var testDescription: String { rawValue }
        }

        private func with(_ kind: Kind, _ body: (RegistryNodes) async throws -> Void) async throws {
            try await withTemporaryFolder { folder in
                let store = CloudBlobStore(
                    try await service(kind, folder), spool: try await Spool.open(folder: "\(folder)-spool"))
                // What is doomed is due at once.
                let times = Times(lease: .hours(24), uploadLife: 3_600_000_000, readGrace: 0, clockSpread: 0)
                do {
                    try await RegistryNodes.with(2, blobs: store, policy: RegistryPolicy(times: times), body)
                } catch {
                    await store.close()
                    throw error
                }
                await store.close()
            }
        }

        private func service(_ kind: Kind, _ folder: String) async throws -> any ObjectService {
            let logger = Logger(label: "test")
            switch kind {
            case .ceph:
                let server = try await Radosgw.shared()
                var reader = OptionReader([
                    "regionendpoint": server.url, "accesskey": server.accessKey, "secretkey": server.secretKey,
                    "bucket": server.bucket, "region": "us-east-1", "rootdirectory": folder,
                ])
                var options = S3Options(&reader)
                (options.smallestPart, options.chunkBytes) = (65_536, 262_144)
                return try S3Service(options, logger: logger)
            case .swift:
                let server = try await SwiftStore.tempauth()
                var reader = OptionReader([
                    "username": SwiftStore.user, "password": SwiftStore.key, "authurl": "\(server.url)/auth/v1.0",
                    "container": SwiftStore.container, "prefix": folder,
                ])
                var options = SwiftOptions(&reader)
                (options.smallestPart, options.chunkBytes) = (65_536, 262_144)
                return try SwiftService(options, logger: logger)
            case .azure: return try await SharedDoubles.azure(root: folder)
            case .oss: return try await SharedDoubles.oss(root: folder)
            case .gcs: return try await SharedDoubles.gcs(root: folder, folder: folder)
            }
        }

        private func content(_ digest: Digest, _ nodes: RegistryNodes) async throws -> [UInt8] {
            let permit = try await nodes.permit(Pull.self)
            let blob = try await nodes.registry.blob(digest, permit, renewing: false)
            return try await BlobStoreContract.content(
                of: BlobLocation(rawValue: blob.location), in: nodes.blobs)
        }

        private func collect(_ nodes: RegistryNodes) async throws {
            let times = Times(lease: .hours(24), uploadLife: 0, readGrace: 0, clockSpread: 0)
            let collector = Collector(
                metadata: nodes.metadata, blobs: nodes.blobs, policy: CollectionPolicy(times: times))
            let report = try await collector.run()
            #expect(report.failures == 0)
        }

        @Test(
            "a body longer than a part rolls into parts, is one blob, and leaves one object", arguments: Kind.allCases)
        func rolling(_ kind: Kind) async throws {
            try await with(kind) { nodes in
                let bytes = TestBlob.random(1_700_001).bytes
                let digest = try await nodes.push(bytes)
                #expect(try await content(digest, nodes) == bytes)
                // What the commit left over goes, and the blob stays.
                try await collect(nodes)
                #expect(try await content(digest, nodes) == bytes)
                #expect(try await BlobStoreContract.objects(in: nodes.blobs).values.map(\.self) == [1_700_001])
            }
        }

        @Test(
            "chunks of every size around a part's, on alternating nodes, make the blob they are pieces of",
            arguments: Kind.allCases)
        func chunks(_ kind: Kind) async throws {
            try await with(kind) { nodes in
                let sizes =
                    [1, 262_143, 1, 262_144, 262_145, 70_000, 3, 600_000, 65_535, 65_536, 5]
                    + Array(repeating: 1, count: 15)
                let bytes = TestBlob.random(sizes.reduce(0, +)).bytes
                let permit = try await nodes.permit(Push.self)
                let upload = try await nodes.nodes[0].beginUpload(permit)
                var offset = 0
                for (turn, size) in sizes.enumerated() {
                    // Two chunks to one node, then two to the other: held sessions and takeovers.
                    let status = try await nodes.nodes[turn / 2 % 2].append(
                        to: upload.id, permit, range: ChunkRange(first: Int64(offset), last: Int64(offset + size - 1)),
                        length: Int64(size), body: Array(bytes[offset..<offset + size]).stream())
                    offset += size
                    #expect(status.offset == Int64(offset))
                }
                let digest = Digest.sha256(of: bytes)
                try await nodes.nodes[1].finish(upload.id, as: digest, permit, range: nil, length: 0, body: [].stream())
                #expect(try await content(digest, nodes) == bytes)
                // The answer was lost, the client repeats.
                try await nodes.nodes[0].finish(upload.id, as: digest, permit, range: nil, length: 0, body: [].stream())
            }
        }

        @Test("a body that breaks off can be resumed behind what arrived", arguments: Kind.allCases)
        func resumed(_ kind: Kind) async throws {
            try await with(kind) { nodes in
                let bytes = TestBlob.random(900_000).bytes
                let permit = try await nodes.permit(Push.self)
                let upload = try await nodes.nodes[0].beginUpload(permit)
                let (body, feed) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
                feed.yield(ByteBuffer(bytes: bytes[..<400_000]))
                feed.yield(ByteBuffer(bytes: bytes[400_000..<500_000]))
                struct Broken: Error {}
                feed.finish(throwing: Broken())
                await #expect(throws: RegistryError.self) {
                    _ = try await nodes.nodes[0].append(to: upload.id, permit, range: nil, length: nil, body: body)
                }
                let status = try await nodes.nodes[1].status(of: upload.id, permit)
                #expect(status.offset == 500_000)
                let digest = Digest.sha256(of: bytes)
                try await nodes.nodes[1].finish(
                    upload.id, as: digest, permit, range: ChunkRange(first: 500_000, last: 899_999), length: 400_000,
                    body: Array(bytes[500_000...]).stream())
                #expect(try await content(digest, nodes) == bytes)
            }
        }

        @Test("the right size with wrong bytes is refused, and nothing of it stays", arguments: Kind.allCases)
        func refused(_ kind: Kind) async throws {
            try await with(kind) { nodes in
                let bytes = TestBlob.random(800_000).bytes
                let permit = try await nodes.permit(Push.self)
                let upload = try await nodes.nodes[0].beginUpload(permit)
                for (node, range) in [(0, 0..<300_000), (1, 300_000..<700_000), (0, 700_000..<800_000)] {
                    _ = try await nodes.nodes[node].append(
                        to: upload.id, permit, range: nil, length: nil, body: Array(bytes[range]).stream())
                }
                await #expect(throws: RegistryError.self) {
                    try await nodes.nodes[0].finish(
                        upload.id, as: .sha256(of: [1]), permit, range: nil, length: 0, body: [].stream())
                }
                try await collect(nodes)
                #expect(try await BlobStoreContract.objects(in: nodes.blobs).isEmpty)
            }
        }

        @Test("an upload that is cancelled among its parts leaves nothing", arguments: Kind.allCases)
        func cancelled(_ kind: Kind) async throws {
            try await with(kind) { nodes in
                let permit = try await nodes.permit(Push.self)
                let upload = try await nodes.nodes[0].beginUpload(permit)
                _ = try await nodes.nodes[0].append(
                    to: upload.id, permit, range: nil, length: nil, body: TestBlob.random(700_000).bytes.stream())
                try await nodes.nodes[1].cancel(upload.id, permit)
                try await collect(nodes)
                #expect(try await BlobStoreContract.objects(in: nodes.blobs).isEmpty)
            }
        }
    }
}
