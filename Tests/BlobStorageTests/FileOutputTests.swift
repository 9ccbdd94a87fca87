// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import NIOCore
import TestKit
import Testing

/// Parts long enough to leave the page cache on the way, with every kind of edge around the boundaries.
@Suite("long parts", .serialized)
struct FileOutputTests {
    private static let cached = 8 << 20
    private static let lengths = [-1, 0, 1, 4095, 4096, 4097, 262_144, 1_000_003].map { cached + $0 }

    @Test("a long part is stored byte by byte, whatever its length and the pieces it comes in", arguments: lengths)
    func stored(_ count: Int) async throws {
        let bytes = TestBlob.random(count).bytes
        for pieces in [65_536, 100_001, 300_000] {
            try await withTemporaryFolder { folder in
                let store = try await FilesystemBlobStore.open(root: folder)
                try await expectStored(bytes, [count], pieces, in: store)
                await store.close()
            }
        }
    }

    @Test("a long part that is published at odd places goes on behind each")
    func published() async throws {
        let stops = [Self.cached + 17, Self.cached + 18, Self.cached + 8_192, Self.cached + 700_001, 11_000_000]
        let bytes = TestBlob.random(11_000_000).bytes
        try await withTemporaryFolder { folder in
            let store = try await FilesystemBlobStore.open(root: folder)
            try await expectStored(bytes, stops, 65_536, in: store)
            await store.close()
        }
    }

    @Test(
        "a file system in memory takes long parts too",
        .enabled(if: SmallDisk.isPossible, "only root may mount a small disk"))
    func inMemory() async throws {
        try await withSmallDisk(bytes: 32 << 20) { disk in
            let store = try await FilesystemBlobStore.open(root: disk.path)
            try await expectStored(TestBlob.random(9_000_001).bytes, [9_000_001], 65_536, in: store)
            await store.close()
        }
    }

    /// Writes one part, publishing at each of the stops, and reads it back whole.
    private func expectStored(
        _ bytes: [UInt8], _ stops: [Int], _ pieces: Int, in store: FilesystemBlobStore
    ) async throws {
        var plan = UploadPlan(base: store.newBase())
        let writer = try await store.beginPart(1, of: plan, at: 0)
        var from = 0
        for stop in stops {
            try await BlobStoreContract.write(Array(bytes[from..<stop]), pieces: pieces, to: writer)
            let part = try await writer.publish()
            #expect(part.length == Int64(stop))
            from = stop
        }
        plan.publish(try await writer.seal(), driver: writer.driver)
        let location = try await store.assemble(plan, asNumber: 2, hashing: nil).location
        let stored = try await BlobStoreContract.content(of: location, in: store)
        let isSame = stored == bytes
        #expect(isSame)
    }
}
