// SPDX-License-Identifier: Apache-2.0
import Access
import Cache
import Metadata
import NIOCore
import OCI
import Registry
import SQLStorage
import TestKit
import Testing

/// Manifests on nodes that share a cache: it may be empty, old or poisoned.
@Suite("manifests that nodes share")
struct SharedContentTests {
    private func emptyCache() -> SealedCache {
        SealedCache(MemorySharedCache(), key: [UInt8](repeating: 7, count: 32))
    }

    private func bytes(_ digest: Digest, _ nodes: RegistryNodes, node: Int, in name: RepositoryName = .app) async throws
        -> [UInt8]
    {
        let found = try await nodes.nodes[node].manifest(.digest(digest), nodes.permit(Pull.self, name))
        #expect(found.digest == digest)
        return Array(buffer: found.bytes)
    }

    /// Makes the rows useless, so that whatever is served comes from elsewhere.
    private func spoilRows(_ nodes: RegistryNodes) async throws {
        try await nodes.metadata.write { transaction in
            let spoilt: [UInt8] = [0]
            try transaction.sql.run("UPDATE manifests SET bytes = \(spoilt)")
        }
    }

    @Test("come from the cache after any node pushed or pulled them, by digest and by tag")
    func found() async throws {
        let shared = emptyCache()
        try await RegistryNodes.with(3, shared: shared) { nodes in
            let tag = try #require(Tag("v1"))
            let digest = try await nodes.pushImage("x", at: .tag(tag), node: 0)
            let sound = try await bytes(digest, nodes, node: 0)
            try await spoilRows(nodes)
            #expect(try await bytes(digest, nodes, node: 1) == sound)
            let byTag = try await nodes.nodes[2].manifest(.tag(tag), nodes.permit(Pull.self))
            #expect(byTag.digest == digest)
            #expect(byTag.mediaType == MediaType.imageManifest.description)
            #expect(Array(buffer: byTag.bytes) == sound)
        }
    }

    @Test("come from the database when the cache is empty, and fill it")
    func filled() async throws {
        let shared = emptyCache()
        try await RegistryNodes.with(3, shared: shared) { nodes in
            let digest = try await nodes.pushImage("x", at: .tag(try #require(Tag("v1"))), node: 0)
            let sound = try await bytes(digest, nodes, node: 0)
            await shared.remove(["manifest \(digest)"])
            #expect(try await bytes(digest, nodes, node: 1) == sound)
            #expect(await shared.value(for: "manifest \(digest)") == sound)
        }
    }

    @Test("are what their digest says, whatever lies in the cache")
    func poisoned() async throws {
        let shared = emptyCache()
        try await RegistryNodes.with(3, shared: shared) { nodes in
            let digest = try await nodes.pushImage("x", at: .tag(try #require(Tag("v1"))), node: 0)
            let sound = try await bytes(digest, nodes, node: 0)
            for (node, poison) in [Array(sound.reversed()), Array(sound.dropLast())].enumerated() {
                await shared.store([SharedEntry("manifest \(digest)", poison, life: .seconds(60))])
                #expect(try await bytes(digest, nodes, node: node + 1) == sound)
            }
        }
    }

    @Test("are gone for every node once they are deleted, or where a repository never had them")
    func deleted() async throws {
        let shared = emptyCache()
        try await RegistryNodes.with(3, shared: shared) { nodes in
            let other = try #require(RepositoryName("library/other"))
            let tag = try #require(Tag("v1"))
            let digest = try await nodes.pushImage("x", at: .tag(tag), node: 0)
            let second = try await nodes.pushImage("y", to: other, at: .tag(tag), node: 0)
            _ = try await bytes(digest, nodes, node: 1)
            await #expect(throws: RegistryError.self) { _ = try await bytes(second, nodes, node: 1) }
            try await nodes.nodes[0].deleteManifest(digest, nodes.permit(Delete.self))
            #expect(await shared.value(for: "manifest \(digest)") != nil)
            for node in 0..<3 {
                await #expect(throws: RegistryError.self) { _ = try await bytes(digest, nodes, node: node) }
            }
            #expect(try await bytes(second, nodes, node: 2, in: other).count > 0)
        }
    }
}
