// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import NIOCore
import OCI
import TestKit
import Testing

@Suite("a full disk", .serialized, .enabled(if: SmallDisk.isPossible, "only root may mount a small disk"))
struct FullDiskTests {
    @Test("a part that does not fit is full, its room comes back, and stored blobs stay readable")
    func part() async throws {
        try await withSmallDisk(bytes: 3 << 20) { disk in
            let store = try await FilesystemBlobStore.open(root: disk.path)
            let kept = TestBlob.random(500_000).bytes
            let location = try await BlobStoreContract.push(kept, to: store)
            let writer = try await store.beginPart(1, of: UploadPlan(base: store.newBase()), at: 0)
            await #expect(throws: BlobStorageError.full) {
                try await BlobStoreContract.write(TestBlob.random(5 << 20).bytes, to: writer)
                _ = try await writer.seal()
            }
            await #expect(throws: BlobStorageError.full) { _ = try await writer.seal() }
            #expect(try await BlobStoreContract.content(of: location, in: store) == kept)
            await writer.abandon()
            let again = TestBlob.random(1_000_000).bytes
            let second = try await BlobStoreContract.push(again, to: store)
            #expect(try await BlobStoreContract.content(of: second, in: store) == again)
            let objects = try await BlobStoreContract.objects(in: store)
            #expect(objects == [location: 500_000, second: 1_000_000])
            await store.close()
        }
    }

    @Test("what was published stays when the next bytes do not fit")
    func published() async throws {
        try await withSmallDisk(bytes: 3 << 20) { disk in
            let store = try await FilesystemBlobStore.open(root: disk.path)
            let kept = TestBlob.random(600_000).bytes
            var plan = UploadPlan(base: store.newBase())
            let writer = try await store.beginPart(1, of: plan, at: 0)
            try await BlobStoreContract.write(kept, to: writer)
            plan.publish(try await writer.publish(), driver: writer.driver)
            await #expect(throws: BlobStorageError.full) {
                try await BlobStoreContract.write(TestBlob.random(5 << 20).bytes, to: writer)
                _ = try await writer.publish()
            }
            await writer.abandon()
            #expect(
                try await BlobStoreContract.content(of: BlobLocation(rawValue: plan.parts[0].name), in: store)
                    .starts(with: kept))
            await store.close()
        }
    }

    @Test("an assembly that does not fit is full and leaves nothing but its parts")
    func assembly() async throws {
        try await withSmallDisk(bytes: 3 << 20) { disk in
            let store = try await FilesystemBlobStore.open(root: disk.path)
            var plan = UploadPlan(base: store.newBase())
            for number in 1...2 {
                try await BlobStoreContract.append(TestBlob.random(900_000).bytes, to: &plan, as: number, in: store)
            }
            await #expect(throws: BlobStorageError.full) {
                _ = try await store.assemble(plan, asNumber: 3, hashing: .sha256)
            }
            let objects = try await BlobStoreContract.objects(in: store)
            #expect(Set(objects.keys.map(\.rawValue)) == Set(plan.parts.map(\.name)))
            await store.close()
        }
    }

    @Test("no room for another name is full")
    func names() async throws {
        try await withSmallDisk(bytes: 4 << 20, inodes: 280) { disk in
            let store = try await FilesystemBlobStore.open(root: disk.path)
            var stored: [BlobLocation] = []
            var failure: BlobStorageError?
            while failure == nil, stored.count < 100 {
                do {
                    stored.append(try await BlobStoreContract.push([1, 2, 3], to: store))
                } catch let error as BlobStorageError {
                    failure = error
                }
            }
            #expect(failure == .full)
            for location in stored { #expect(try await store.size(of: location) == 3) }
            #expect(await store.delete(stored.map { DoomedObject($0) }).count == stored.count)
            _ = try await BlobStoreContract.push([4], to: store)
            await store.close()
        }
    }

    @Test("a disk too small for the folders refuses to open")
    func folders() async throws {
        try await withSmallDisk(bytes: 1 << 20, inodes: 100) { disk in
            await #expect(throws: BlobStorageError.full) {
                let store = try await FilesystemBlobStore.open(root: disk.path)
                await store.close()
            }
        }
    }

    @Test("below the reserve nothing is written, above it writing goes on by itself")
    func reserve() async throws {
        try await withSmallDisk(bytes: 6 << 20) { disk in
            let store = try await FilesystemBlobStore.open(root: disk.path, reserve: 3 << 20)
            let first = try await BlobStoreContract.push(TestBlob.random(1_500_000).bytes, to: store)
            await #expect(throws: BlobStorageError.full) {
                let location = try await BlobStoreContract.push(TestBlob.random(2_500_000).bytes, to: store)
                Issue.record("\(location) was stored")
            }
            #expect(await store.delete([DoomedObject(first)]) == [.gone])
            // The room is looked at again within a second.
            let isBack = try await eventually(within: .seconds(10)) {
                (try? await BlobStoreContract.push(TestBlob.random(1_500_000).bytes, to: store)) != nil
            }
            #expect(isBack)
            await store.close()
        }
    }

    @Test("a part is refused at once when the disk is known to be below the reserve")
    func refused() async throws {
        try await withSmallDisk(bytes: 6 << 20) { disk in
            let store = try await FilesystemBlobStore.open(root: disk.path, reserve: 1 << 30)
            #expect(await store.space()?.isBelowReserve == true)
            await #expect(throws: BlobStorageError.full) {
                _ = try await store.beginPart(1, of: UploadPlan(base: store.newBase()), at: 0)
            }
            await store.close()
        }
    }
}
