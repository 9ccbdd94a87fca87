// SPDX-License-Identifier: Apache-2.0
import Access
import BlobStorage
import Metadata
import NIOCore
import OCI
import Registry
import Synchronization
import TestKit
import Testing

@Suite("uploads")
struct UploadTests {
    private let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    private func read(_ digest: Digest, _ nodes: RegistryNodes) async throws -> [UInt8] {
        let permit = try await nodes.permit(Pull.self)
        let reader = try await nodes.registry.open(
            nodes.registry.blob(digest, permit, renewing: false), permit)
        var bytes: [UInt8] = []
        while bytes.count < reader.size {
            bytes += try await reader.read(at: Int64(bytes.count), upTo: 1 << 20).readableBytesView
        }
        await reader.close()
        return bytes
    }

    @Test("chunks may alternate between nodes, and the digest of the whole is verified")
    func alternate() async throws {
        try await RegistryNodes.with(2) { nodes in
            let permit = try await nodes.permit(Push.self)
            let upload = try await nodes.nodes[0].beginUpload(permit)
            var rest = content[...]
            var turn = 0
            while !rest.isEmpty {
                let chunk = Array(rest.prefix(70_000))
                let status = try await nodes.nodes[turn % 2].append(
                    to: upload.id, permit, range: nil, length: nil, body: chunk.stream())
                rest = rest.dropFirst(70_000)
                turn += 1
                #expect(status.offset == Int64(content.count - rest.count))
            }
            let digest = Digest.sha256(of: content)
            try await nodes.nodes[turn % 2].finish(
                upload.id, as: digest, permit, range: nil, length: 0, body: [].stream())
            #expect(try await read(digest, nodes) == content)
        }
    }

    @Test("who presents the published offset may go on; the writer before is turned away and changes nothing")
    func steal() async throws {
        try await RegistryNodes.with(2) { nodes in
            let permit = try await nodes.permit(Push.self)
            let upload = try await nodes.nodes[0].beginUpload(permit)
            let (taken, hasTaken) = AsyncStream<Void>.makeStream()
            let (end, feed) = AsyncStream<Void>.makeStream()
            let first = Mutex(true)
            let slow = AsyncThrowingStream<ByteBuffer, any Error> {
                if first.withLock({ first in
                    defer { first = false }; return first
                }) {
                    return ByteBuffer(bytes: Array(repeating: 1, count: 1000))
                }
                // It asks for more, so it holds the upload and has written the first bytes.
                hasTaken.finish()
                for await _ in end {}
                return nil
            }
            async let loser = nodes.nodes[0].append(
                to: upload.id, permit, range: ChunkRange(first: 0, last: 999), length: nil, body: slow)
            for await _ in taken {}
            let good = Array(content.prefix(5000))
            let status = try await nodes.nodes[1].append(
                to: upload.id, permit, range: ChunkRange(first: 0, last: 4999), length: 5000, body: good.stream())
            #expect(status.offset == 5000)
            feed.finish()
            do {
                _ = try await loser
                Issue.record("the writer before was not turned away")
            } catch is RegistryError {}
            let digest = Digest.sha256(of: good)
            try await nodes.nodes[1].finish(upload.id, as: digest, permit, range: nil, length: 0, body: [].stream())
            #expect(try await read(digest, nodes) == good)
        }
    }

    @Test("a chunk that does not begin where the upload stands is refused with the true offset")
    func disorder() async throws {
        try await RegistryNodes.with { nodes in
            let permit = try await nodes.permit(Push.self)
            let upload = try await nodes.registry.beginUpload(permit)
            _ = try await nodes.registry.append(
                to: upload.id, permit, range: nil, length: nil, body: Array(content.prefix(100)).stream())
            do {
                _ = try await nodes.registry.append(
                    to: upload.id, permit, range: ChunkRange(first: 50, last: 59), length: 10,
                    body: Array(content.prefix(10)).stream())
                Issue.record("a chunk out of order was taken")
            } catch RegistryError.outOfOrder(let status) {
                #expect(status.offset == 100)
            }
            #expect(try await nodes.registry.status(of: upload.id, permit).offset == 100)
        }
    }

    @Test("a body that breaks off leaves what arrived, and another node resumes behind it")
    func resume() async throws {
        try await RegistryNodes.with(2) { nodes in
            let permit = try await nodes.permit(Push.self)
            let upload = try await nodes.nodes[0].beginUpload(permit)
            await #expect(throws: RegistryError.self) {
                try await nodes.nodes[0].append(
                    to: upload.id, permit, range: nil, length: nil,
                    body: Array(content.prefix(120_000)).stream(breaksOff: true))
            }
            let status = try await nodes.nodes[1].status(of: upload.id, permit)
            #expect(status.offset == 120_000)
            let rest = Array(content.dropFirst(120_000))
            let digest = Digest.sha256(of: content)
            try await nodes.nodes[1].finish(
                upload.id, as: digest, permit, range: ChunkRange(first: 120_000, last: Int64(content.count) - 1),
                length: Int64(rest.count), body: rest.stream())
            #expect(try await read(digest, nodes) == content)
        }
    }

    @Test("content of another digest is refused, and the upload is over")
    func wrongDigest() async throws {
        try await RegistryNodes.with { nodes in
            let permit = try await nodes.permit(Push.self)
            let upload = try await nodes.registry.beginUpload(permit)
            do {
                try await nodes.registry.finish(
                    upload.id, as: .sha256(of: [1]), permit, range: nil, length: nil, body: content.stream())
                Issue.record("wrong content was taken")
            } catch RegistryError.digestMismatch(_, let actual) {
                #expect(actual == .sha256(of: content))
            }
            do {
                _ = try await nodes.registry.status(of: upload.id, permit)
                Issue.record("the upload goes on")
            } catch RegistryError.uploadUnknown {}
        }
    }

    @Test("a repeated closing request succeeds again; with another digest the upload is unknown")
    func repeatFinish() async throws {
        try await RegistryNodes.with(2) { nodes in
            let permit = try await nodes.permit(Push.self)
            let upload = try await nodes.nodes[0].beginUpload(permit)
            let digest = Digest.sha256(of: content)
            for node in [0, 1, 0] {
                try await nodes.nodes[node].finish(
                    upload.id, as: digest, permit, range: nil, length: nil, body: content.stream())
            }
            await #expect(throws: RegistryError.self) {
                try await nodes.nodes[1].finish(
                    upload.id, as: .sha256(of: [1]), permit, range: nil, length: nil, body: content.stream())
            }
        }
    }

    @Test("an upload is unknown to other callers and in other repositories")
    func foreign() async throws {
        try await RegistryNodes.with { nodes in
            try await nodes.makeUser("eve")
            try await nodes.access.setMember(project: "library", user: "eve", role: .write)
            let other = try #require(RepositoryName("library/other"))
            _ = try await nodes.push([1, 2, 3], to: other)
            let upload = try await nodes.registry.beginUpload(try await nodes.permit(Push.self))
            for permit in [
                try await nodes.permit(Push.self, as: "eve"), try await nodes.permit(Push.self, other),
            ] {
                await #expect(throws: RegistryError.self) { try await nodes.registry.status(of: upload.id, permit) }
                await #expect(throws: RegistryError.self) { try await nodes.registry.cancel(upload.id, permit) }
                await #expect(throws: RegistryError.self) {
                    try await nodes.registry.append(
                        to: upload.id, permit, range: nil, length: nil, body: content.stream())
                }
            }
        }
    }

    @Test("fifty pushes of one blob over two nodes leave one row, charge it once, and doom the other copies")
    func sameBlob() async throws {
        try await RegistryNodes.with(2) { nodes in
            let before = try await nodes.usage()
            try await withThrowingTaskGroup { group in
                for turn in 0..<50 { group.addTask { try await nodes.push(content, node: turn % 2) } }
                try await group.waitForAll()
            }
            #expect(try await nodes.usage() - before == Int64(content.count))
            #expect(try await nodes.count("blobs") == 1)
            #expect(try await nodes.count("doomed") == 49)
        }
    }

    @Test("a blob is stored under the algorithm its client names", arguments: Digest.Algorithm.allCases)
    func algorithms(_ algorithm: Digest.Algorithm) async throws {
        try await RegistryNodes.with { nodes in
            let permit = try await nodes.permit(Push.self)
            let digest = Digest.of(content, algorithm)
            let upload = try await nodes.registry.beginUpload(permit)
            _ = try await nodes.registry.append(to: upload.id, permit, range: nil, length: nil, body: content.stream())
            try await nodes.registry.finish(upload.id, as: digest, permit, range: nil, length: 0, body: [].stream())
            #expect(try await read(digest, nodes) == content)
        }
    }

    @Test("a blob of no bytes is a blob")
    func empty() async throws {
        try await RegistryNodes.with { nodes in
            let digest = try await nodes.push([])
            #expect(try await read(digest, nodes) == [])
        }
    }

    @Test("blobs the store has lost are absent for pushers, and the next push heals them")
    func heal() async throws {
        try await RegistryNodes.with { nodes in
            let digest = try await nodes.push(content)
            let permit = try await nodes.permit(Pull.self)
            let blob = try await nodes.registry.blob(digest, permit, renewing: true)
            _ = await nodes.blobs.delete([DoomedObject(BlobLocation(rawValue: blob.location))])
            await #expect(throws: RegistryError.self) { try await nodes.registry.open(blob, permit) }
            await #expect(throws: RegistryError.self) {
                try await nodes.registry.blob(digest, permit, renewing: true)
            }
            try await nodes.push(content)
            #expect(try await read(digest, nodes) == content)
        }
    }

    @Test("no more uploads are held open than the bound allows")
    func bound() async throws {
        var policy = RegistryPolicy()
        policy.openUploads = 2
        try await RegistryNodes.with(policy: policy) { nodes in
            let permit = try await nodes.permit(Push.self)
            let first = try await nodes.registry.beginUpload(permit)
            _ = try await nodes.registry.beginUpload(permit)
            await #expect(throws: RegistryError.self) { try await nodes.registry.beginUpload(permit) }
            try await nodes.registry.cancel(first.id, permit)
            _ = try await nodes.registry.beginUpload(permit)
        }
    }

    @Test("a blob beyond the limit is refused before it is stored whole")
    func limit() async throws {
        var policy = RegistryPolicy()
        policy.blobBytesAtMost = 100_000
        try await RegistryNodes.with(policy: policy) { nodes in
            do {
                try await nodes.push(content)
                Issue.record("a blob beyond the limit was taken")
            } catch RegistryError.blobTooLarge(let limit) {
                #expect(limit == 100_000)
            }
            try await nodes.push(Array(content.prefix(100_000)))
        }
    }
}
