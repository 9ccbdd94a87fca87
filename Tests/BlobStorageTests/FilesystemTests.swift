// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Foundation
import NIOCore
import TestKit
import Testing

@Suite("filesystem store")
struct FilesystemTests {
    @Test("blobs lie in the pinned layout, readable by the owner alone")
    func layout() async throws {
        try await withStore { root, store in
            let location = try await BlobStoreContract.push([1, 2, 3], to: store)
            let words = location.rawValue.split(separator: "/")
            #expect(words.dropLast(2).joined(separator: "/") == "docker/registry/v2/haven")
            #expect(words[5].hasPrefix(words[4]) && words[4].count == 2)
            let file = try FileManager.default.attributesOfItem(atPath: "\(root)/\(location)")
            #expect(file[.posixPermissions] as? Int == 0o600)
            let folders = try FileManager.default.contentsOfDirectory(atPath: "\(root)/docker/registry/v2/haven")
            #expect(folders.count == 257)
        }
    }

    @Test("two processes that begin on one empty folder at once store everything")
    func twoProcesses() async throws {
        try await withTemporaryFolder { root in
            let blobs = (0..<25).map { "blob\($0)=\(1 + $0 * 7_919)" }
            async let left = BlobPeer(root: root).run(blobs)
            async let right = BlobPeer(root: root).run(blobs)
            let stored = [try await left.lines.stored, try await right.lines.stored]
            #expect(stored.map(\.count) == [25, 25])
            let store = try await FilesystemBlobStore.open(root: root)
            #expect(try await BlobStoreContract.objects(in: store).count == 50)
            for (name, location) in stored.flatMap({ $0 }) {
                let index = Int(name.dropFirst(4)) ?? -1
                let expected = BlobPeer.bytes(of: name, count: 1 + index * 7_919)
                #expect(try await BlobStoreContract.content(of: location, in: store) == expected)
            }
            await store.close()
        }
    }

    @Test("a folder that a copy without empty folders lost is made again")
    func lostFolders() async throws {
        try await withStore { root, store in
            let folder = "\(root)/docker/registry/v2/haven"
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) where !name.hasPrefix(".") {
                try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            }
            #expect(try await BlobStoreContract.objects(in: store).isEmpty)
            let location = try await BlobStoreContract.push([7], to: store)
            #expect(try await BlobStoreContract.content(of: location, in: store) == [7])
        }
    }

    @Test("no descriptor is left open by writers, readers, failures and deletes")
    func descriptors() async throws {
        try await withStore { root, store in
            for index in 0..<10 {
                let plan = UploadPlan(base: store.newBase())
                let location = try await BlobStoreContract.push(TestBlob.random(1_500_000).bytes, to: store)
                let reader = try await store.open(location)
                _ = try await reader.read(at: 100, upTo: 70_000)
                let abandoned = try await store.beginPart(1, of: plan, at: 0)
                try await BlobStoreContract.write(TestBlob.random(index * 300_000).bytes, to: abandoned)
                await abandoned.abandon()
                await reader.close()
                _ = await store.delete([DoomedObject(location)])
            }
            #expect(try await eventually(within: .seconds(10)) { openFiles(below: root) == [] })
        }
    }

    @Test("a writer and a reader that are dropped close their files")
    func dropped() async throws {
        try await withStore { root, store in
            do {
                let location = try await BlobStoreContract.push([1], to: store)
                let reader = try await store.open(location)
                let writer = try await store.beginPart(1, of: UploadPlan(base: store.newBase()), at: 0)
                try await writer.write(ByteBuffer(string: "x"))
                _ = try await writer.publish()
                #expect(openFiles(below: root).count == 2)
                withExtendedLifetime((reader, writer)) {}
            }
            #expect(try await eventually(within: .seconds(10)) { openFiles(below: root) == [] })
        }
    }

    @Test("a file cut short under a reader is an error, never a shorter blob")
    func cutShort() async throws {
        try await withStore { root, store in
            let location = try await BlobStoreContract.push(TestBlob.random(100_000).bytes, to: store)
            let reader = try await store.open(location)
            #expect(truncate("\(root)/\(location)", 50_000) == 0)
            await #expect(throws: BlobStorageError.self) { _ = try await reader.read(at: 0, upTo: 100_000) }
            await reader.close()
        }
    }

    @Test("folders and other things in the place of a blob are not blobs")
    func strangers() async throws {
        try await withStore { root, store in
            let location = BlobLocation(rawValue: "docker/registry/v2/haven/ab")
            await #expect(throws: BlobStorageError.notFound) { _ = try await store.open(location) }
        }
    }

    @Test("a closed store answers that it is unreachable")
    func closed() async throws {
        try await withTemporaryFolder { root in
            let store = try await FilesystemBlobStore.open(root: root)
            await store.close()
            await #expect(throws: BlobStorageError.self) { try await store.probe() }
            #expect(await store.delete([DoomedObject(BlobLocation(rawValue: "a"))]) != [.gone])
        }
    }

    private func withStore(_ body: (String, FilesystemBlobStore) async throws -> Void) async throws {
        try await withTemporaryFolder { root in
            let store = try await FilesystemBlobStore.open(root: root)
            try await body(root, store)
            await store.close()
        }
    }

    /// The files below a folder that this process has open.
    private func openFiles(below root: String) -> [String] {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let paths = descriptors.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        return paths.filter { $0.hasPrefix(root) }
    }
}
