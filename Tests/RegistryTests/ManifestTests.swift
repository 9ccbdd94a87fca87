// SPDX-License-Identifier: Apache-2.0
import Access
import Metadata
import NIOCore
import OCI
import Registry
import SQLStorage
import TestKit
import Testing

/// The tag of a repository; the test library has one of its own.
private typealias Tag = OCI.Tag

@Suite("manifests and tags")
struct ManifestTests {
    private func tag(_ name: String) throws -> Tag { try #require(Tag(name)) }

    private func put(
        _ bytes: [UInt8], at reference: Reference, tags: [Tag] = [], type: MediaType = .imageManifest,
        in name: RepositoryName = .app, _ nodes: RegistryNodes, node: Int = 0
    ) async throws -> PushedManifest {
        try await nodes.nodes[node].putManifest(
            ManifestPush(bytes: bytes, contentType: type.description, reference: reference, tags: tags),
            nodes.permit(Push.self, name))
    }

    @Test("bytes and media type come back exactly, by tag and by digest")
    func exact() async throws {
        try await RegistryNodes.with { nodes in
            let layer = try await nodes.push([1])
            let bytes = ManifestText.image(config: layer, layers: [layer]) + Array("  \n".utf8)
            let pushed = try await put(bytes, at: .tag(tag("v1")), nodes)
            #expect(pushed.digest == .sha256(of: bytes))
            for reference in [Reference.tag(try tag("v1")), .digest(pushed.digest)] {
                let found = try await nodes.registry.manifest(reference, nodes.permit(Pull.self))
                #expect(Array(found.bytes.readableBytesView) == bytes)
                #expect(found.mediaType == MediaType.imageManifest.description)
            }
        }
    }

    @Test("a manifest whose blobs or children are missing is refused with all of them, and nothing is stored")
    func missing() async throws {
        try await RegistryNodes.with { nodes in
            let present = try await nodes.push([1])
            let absent = [Digest.sha256(of: [2]), .sha256(of: [3])]
            do {
                _ = try await put(
                    ManifestText.image(config: present, layers: absent), at: .tag(tag("v1")), nodes)
                Issue.record("a manifest without its blobs was taken")
            } catch RegistryError.referencesMissing(let blobs, _) {
                #expect(blobs == absent.sorted())
            }
            await #expect(throws: RegistryError.self) {
                try await put(ManifestText.index([absent[0]]), at: .tag(tag("v1")), type: .imageIndex, nodes)
            }
            #expect(try await nodes.count("manifests") == 0)
            #expect(try await nodes.count("tags") == 0)
        }
    }

    @Test("a manifest that states another size than a blob has is refused: every pull of it would break")
    func wrongSize() async throws {
        try await RegistryNodes.with { nodes in
            let layer = try await nodes.push([1, 2, 3])
            do {
                _ = try await put(ManifestText.image(config: layer, layers: []), at: .tag(tag("v1")), nodes)
                Issue.record("a manifest with a wrong size was taken")
            } catch RegistryError.wrongSize(_, let stated, let actual) {
                #expect(stated == 1 && actual == 3)
            }
        }
    }

    @Test("a blob of another repository does not count: it must be linked here")
    func otherRepository() async throws {
        try await RegistryNodes.with { nodes in
            let other = try #require(RepositoryName("library/other"))
            let blob = try await nodes.push([1], to: other)
            let manifest = ManifestText.image(config: blob, layers: [])
            await #expect(throws: RegistryError.self) { try await put(manifest, at: .tag(tag("v1")), nodes) }
            let mounted = try await nodes.registry.mount(
                blob, from: nodes.permit(Pull.self, other), into: nodes.permit(Push.self))
            #expect(mounted)
            _ = try await put(manifest, at: .tag(tag("v1")), nodes)
        }
    }

    @Test("mounting what the source does not hold does nothing")
    func mountNothing() async throws {
        try await RegistryNodes.with { nodes in
            let other = try #require(RepositoryName("library/other"))
            let mounted = try await nodes.registry.mount(
                .sha256(of: [9]), from: nodes.permit(Pull.self, other), into: nodes.permit(Push.self))
            #expect(!mounted)
            #expect(try await nodes.count("links") == 0)
        }
    }

    @Test(
        "a push by digest must bring the bytes of that digest, in either algorithm",
        arguments: Digest.Algorithm.allCases)
    func byDigest(_ algorithm: Digest.Algorithm) async throws {
        try await RegistryNodes.with { nodes in
            let bytes = ManifestText.image(config: try await nodes.push([1]), layers: [])
            let digest = Digest.of(bytes, algorithm)
            let pushed = try await put(bytes, at: .digest(digest), tags: [tag("a"), tag("b"), tag("a")], nodes)
            #expect(pushed.digest == digest)
            #expect(pushed.tags == [try tag("a"), try tag("b")])
            #expect(
                try await nodes.registry.manifest(.tag(tag("b")), nodes.permit(Pull.self)).digest == digest)
            await #expect(throws: RegistryError.self) {
                try await put(bytes + [32], at: .digest(digest), nodes)
            }
        }
    }

    @Test("a repeated push changes nothing: no history, no event, no charge")
    func idempotent() async throws {
        try await RegistryNodes.with { nodes in
            try await nodes.pushImage("one", at: .tag(tag("v1")))
            let before = (
                try await nodes.count("tag_history"), try await nodes.count("outbox"), try await nodes.usage()
            )
            try await nodes.pushImage("one", at: .tag(tag("v1")))
            #expect(try await nodes.count("tag_history") == before.0)
            #expect(try await nodes.count("outbox") == before.1)
            #expect(try await nodes.usage() == before.2)
        }
    }

    @Test("fifty pushes of one tag over two nodes give fifty history entries without gaps, and the last one stands")
    func history() async throws {
        try await RegistryNodes.with(2) { nodes in
            try await withThrowingTaskGroup { group in
                for turn in 0..<50 {
                    group.addTask { try await nodes.pushImage("image \(turn)", at: .tag(tag("v1")), node: turn % 2) }
                }
                try await group.waitForAll()
            }
            let (versions, last) = try await nodes.metadata.read { transaction in
                let rows = try transaction.sql.rows("SELECT version, new FROM tag_history ORDER BY version")
                return (rows.map { $0.integer(0) }, rows.last?.text(1))
            }
            #expect(versions == Array(1...50))
            let standing = try await nodes.registry.manifest(.tag(tag("v1")), nodes.permit(Pull.self))
            #expect(standing.digest.description == last)
        }
    }

    @Test("of fifty pushes that create an immutable tag one wins, and it can neither be moved nor deleted")
    func immutable() async throws {
        try await RegistryNodes.with(2) { nodes in
            try await nodes.access.setImmutableTags(project: "library", patterns: ["v*"])
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for turn in 0..<50 {
                    group.addTask {
                        do {
                            try await nodes.pushImage("image \(turn)", at: .tag(tag("v1")), node: turn % 2)
                            return true
                        } catch RegistryError.tagImmutable {
                            return false
                        } catch {
                            Issue.record(error)
                            return false
                        }
                    }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 } == 1)
            let permit = try await nodes.permit(Delete.self)
            await #expect(throws: RegistryError.self) { try await nodes.registry.delete(tag("v1"), permit) }
            let standing = try await nodes.registry.manifest(.tag(tag("v1")), nodes.permit(Pull.self)).digest
            await #expect(throws: RegistryError.self) { try await nodes.registry.deleteManifest(standing, permit) }
        }
    }

    @Test("a quota is exact: parallel pushes fill it to the last byte and never beyond")
    func quota() async throws {
        try await RegistryNodes.with(2) { nodes in
            try await nodes.access.setQuota(10_000, project: "library")
            let taken = await withTaskGroup(of: Int.self) { group in
                for turn in 0..<40 {
                    group.addTask {
                        let content = [UInt8](repeating: UInt8(turn), count: 500)
                        do {
                            try await nodes.push(content, node: turn % 2)
                            return 500
                        } catch RegistryError.quotaExceeded {
                            return 0
                        } catch {
                            Issue.record(error)
                            return 0
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(taken == 10_000)
            #expect(try await nodes.usage() == 10_000)
        }
    }

    @Test("referrers are listed for a subject that is not there yet, filtered by type, and paged by digest")
    func referrers() async throws {
        try await RegistryNodes.with { nodes in
            let subject = Digest.sha256(of: [42])
            let config = try await nodes.push([1])
            var pushed: [Digest] = []
            for turn in 0..<5 {
                let bytes = ManifestText.image(config: config, layers: [], subject: subject, annotation: "\(turn)")
                let answer = try await put(bytes, at: .digest(.sha256(of: bytes)), nodes)
                #expect(answer.subject == subject)
                pushed.append(answer.digest)
            }
            let permit = try await nodes.permit(Pull.self)
            var seen: [Digest] = []
            var page = try await nodes.registry.referrers(of: subject, permit, artifactType: nil, after: nil, limit: 2)
            seen += page.items.map(\.digest)
            while page.hasMore {
                page = try await nodes.registry.referrers(
                    of: subject, permit, artifactType: nil, after: seen.last, limit: 2)
                seen += page.items.map(\.digest)
            }
            #expect(seen == pushed.sorted())
            let type = MediaType.imageConfig.description
            #expect(
                try await nodes.registry.referrers(of: subject, permit, artifactType: type, after: nil, limit: 9)
                    .items.count == 5)
            #expect(
                try await nodes.registry.referrers(of: subject, permit, artifactType: "other", after: nil, limit: 9)
                    .items.isEmpty)
        }
    }

    @Test("a child of an index and a blob of a manifest cannot be deleted before what names them")
    func inUse() async throws {
        try await RegistryNodes.with { nodes in
            let image = try await nodes.pushImage("one", at: .tag(tag("v1")))
            let index = try await put(ManifestText.index([image]), at: .tag(tag("all")), type: .imageIndex, nodes)
                .digest
            let permit = try await nodes.permit(Delete.self)
            do {
                try await nodes.registry.deleteManifest(image, permit)
                Issue.record("a child of an index was deleted")
            } catch RegistryError.manifestInUse(_, let parents) {
                #expect(parents == [index])
            }
            let layer = Digest.sha256(of: Array("layer of one".utf8))
            do {
                try await nodes.registry.deleteBlob(layer, permit)
                Issue.record("a blob in use was deleted")
            } catch RegistryError.blobInUse(_, let holders) {
                #expect(holders == [image])
            }
            try await nodes.registry.deleteManifest(index, permit)
            try await nodes.registry.deleteManifest(image, permit)
            try await nodes.registry.deleteBlob(layer, permit)
            await #expect(throws: RegistryError.self) {
                try await nodes.registry.blob(layer, nodes.permit(Pull.self), renewing: false)
            }
        }
    }

    @Test("a deleted tag is gone on every node at once; made again it goes on counting its versions")
    func deleteTag() async throws {
        try await RegistryNodes.with(2) { nodes in
            let reference = Reference.tag(try tag("v1"))
            try await nodes.pushImage("one", at: reference)
            let pull = try await nodes.permit(Pull.self)
            _ = try await nodes.nodes[1].manifest(reference, pull)
            try await nodes.nodes[0].delete(tag("v1"), nodes.permit(Delete.self))
            #expect(nodes.nodes[1].knownManifest(reference, pull) == nil)
            await #expect(throws: RegistryError.self) { try await nodes.nodes[1].manifest(reference, pull) }
            try await nodes.pushImage("two", at: reference)
            let repository = try await nodes.metadata.read { try $0.repository(.app, in: pull.project) }
            let row = try await nodes.metadata.read { [repository = try #require(repository), name = try tag("v1")] in
                try $0.tag(name, in: repository)
            }
            #expect(row?.version == 3)
        }
    }

    @Test("what is pushed on one node is pulled on another at once, two hundred times, never stale")
    func fresh() async throws {
        try await RegistryNodes.with(2) { nodes in
            let pull = try await nodes.permit(Pull.self)
            for turn in 0..<200 {
                let digest = try await nodes.pushImage("image \(turn)", at: .tag(tag("latest")), node: turn % 2)
                let found = try await nodes.nodes[(turn + 1) % 2].manifest(.tag(tag("latest")), pull)
                #expect(found.digest == digest)
            }
        }
    }

    @Test("a HEAD of a reader writes nothing; one of a pusher renews a lease that is half over")
    func renewal() async throws {
        var policy = RegistryPolicy()
        policy.times.lease = .seconds(1_000)
        try await RegistryNodes.with(policy: policy) { nodes in
            try await nodes.makeUser("reader")
            let digest = try await nodes.push([1, 2, 3])
            try await nodes.metadata.write { try $0.sql.run("UPDATE links SET leased_until = 5") }
            let stamp = nodes.metadata.changeStamp()
            _ = try await nodes.registry.blob(digest, nodes.permit(Pull.self, as: "reader"), renewing: true)
            #expect(nodes.metadata.changeStamp() == stamp)
            _ = try await nodes.registry.blob(digest, nodes.permit(Pull.self), renewing: true)
            let renewed = try await nodes.metadata.read {
                try $0.sql.rows("SELECT leased_until FROM links")[0].integer(0)
            }
            #expect(renewed > 5)
            let after = nodes.metadata.changeStamp()
            _ = try await nodes.registry.blob(digest, nodes.permit(Pull.self), renewing: true)
            #expect(nodes.metadata.changeStamp() == after)
        }
    }

    @Test("tags and repositories are listed in byte order, a page at a time, from any point")
    func lists() async throws {
        try await RegistryNodes.with { nodes in
            let names = ["a", "B", "c-1", "c.2", "c_3", "z"]
            for name in names { try await nodes.pushImage("one", at: .tag(tag(name))) }
            let permit = try await nodes.permit(Pull.self)
            let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let first = try await nodes.registry.tags(permit, after: "", limit: 4)
            #expect(first.items == Array(sorted.prefix(4)) && first.hasMore)
            let rest = try await nodes.registry.tags(permit, after: "c", limit: 4)
            #expect(rest.items == sorted.filter { $0 > "c" } && !rest.hasMore)
            #expect(try await nodes.registry.catalog(after: "", limit: 10).items == ["library/app"])
        }
    }
}
