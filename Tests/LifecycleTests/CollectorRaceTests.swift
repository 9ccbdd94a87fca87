// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Lifecycle
import Metadata
import OCI
import SQLStorage
import Synchronization
import TestKit
import Testing

@Suite("Collectors race with pushes")
struct CollectorRaceTests {
    @Test(
        "with all times 0 and three collectors, a manifest that was accepted is whole",
        arguments: ["memory", "filesystem"])
    func zeroTimes(_ kind: String) async throws {
        try await withTemporaryFolder { folder in
            let blobs: any BlobStore =
                kind == "memory" ? MemoryBlobStore() : try await FilesystemBlobStore.open(root: "\(folder)/blobs")
            try await withWorld(blobs) { world in
                let pushes = Pushes(world)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<3 {
                        group.addTask { while !pushes.isOver { try await world.collect() } }
                    }
                    try await withThrowingTaskGroup(of: Void.self) { pushers in
                        for number in 0..<4 { pushers.addTask { try await pushes.run(as: number) } }
                        try await pushers.waitForAll()
                    }
                    pushes.end()
                    try await group.waitForAll()
                }
                try await world.collect()
                try await world.collect()
                #expect(pushes.accepted > 0, "some pushes must get through, or this shows nothing")
                let found = try await world.contradictions()
                #expect(found == [])
                try await #expect(world.count("SELECT COUNT(*) FROM doomed") == 0)
            }
            await blobs.close()
        }
    }

    @Test("a link that was leased is there for a manifest within the lease")
    func leases() async throws {
        try await withWorld { empty in
            var world = empty
            world.lease = .seconds(60)
            world.uploadLife = .seconds(60)
            let pusher = world
            let pushes = Pushes(world)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { while !pushes.isOver { try await pusher.collect() } }
                for round in 0..<60 {
                    let blob = try await pusher.push("blob \(round % 7)")
                    try await #expect(pusher.put(image(blob), tag: "t\(round % 3)") != nil)
                }
                pushes.end()
                try await group.waitForAll()
            }
            let before = try await world.rowContradictions()
            #expect(before == [])
            // The copy that a repeated push left is stored until a collection that began after it.
            try await world.collect()
            try await world.collect()
            let found = try await world.contradictions()
            #expect(found == [])
        }
    }

    @Test("a lease that ends in this very moment is no race of a push with itself")
    func leaseAtItsEdge() async throws {
        try await withWorld { world in
            let blob = try await world.push("a blob")
            let (repository, edges) = (world.repository, 3_000)
            try await world.metadata.attempt(.push) { transaction in
                for _ in 0..<edges {
                    let now = transaction.dialect.now
                    try transaction.sql.run("UPDATE links SET leased_until = \(now), version = version + 1")
                    let link = try #require(try transaction.linkedBlob(blob, in: repository))
                    try transaction.lean(link, in: repository, lease: 0)
                }
            }
        }
    }
}

/// Clients that push, retag and delete a few images over and over.
private final class Pushes: Sendable {
    let world: World
    private let count = Atomic<Int>(0)
    private let over = Atomic<Bool>(false)

    init(_ world: World) {
        self.world = world
    }

    /// How many manifests were accepted.
    var accepted: Int { count.load(ordering: .relaxed) }
    var isOver: Bool { over.load(ordering: .relaxed) }

    func end() { over.store(true, ordering: .relaxed) }

    func run(as number: Int) async throws {
        var world = world
        for round in 0..<25 {
            // Some live with no lease at all, some with one that ends in the middle of what they do.
            world.lease = number % 2 == 0 ? 0 : .random(in: 0...100_000)
            let layers = [try await world.push("layer \(round % 5)"), try await world.push("own \(number) \(round)")]
            let config = try await world.push("config \(number)")
            // Without leases the collector may have been faster; the client is told, and pushes again.
            guard let manifest = try await world.put(image(config, layers: layers), tag: "t\(round % 4)") else {
                continue
            }
            count.add(1, ordering: .relaxed)
            if round % 3 == 0 { try await world.delete(manifest) }
        }
    }
}
