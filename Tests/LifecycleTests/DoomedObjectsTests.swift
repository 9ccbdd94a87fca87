// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Foundation
import Lifecycle
import Metadata
import OCI
import SQLStorage
import TestKit
import Testing

@Suite("Bytes are deleted when no row can name them again")
struct DoomedObjectsTests {
    @Test("an expired upload goes with its part; a name that was only reserved is deleted twice")
    func uploads() async throws {
        try await withWorld { world in
            let published = try await world.upload(Array("published".utf8))
            _ = try await world.upload(Array("reserved".utf8), publish: false)
            var policy = World.hasty
            policy.secondLook = .hours(24)
            let report = try await world.collect(policy)
            #expect(report.uploads == 2)
            #expect(report.objects == 2)
            #expect(report.freedBytes == 9)
            try await #expect(world.objects().isEmpty)
            let rows = try await world.metadata.read { try $0.sql.rows("SELECT location, tries FROM doomed") }
            #expect(rows.count == 1)
            #expect(rows[0].text(0) != published.part.name)
            #expect(rows[0].integer(1) == 0)
            try await world.metadata.write { try $0.sql.run("UPDATE doomed SET due_at = 0") }
            try await world.collect(policy)
            try await #expect(world.count("SELECT COUNT(*) FROM doomed") == 0)
        }
    }

    @Test("an upload that is not over stays, and so does the blob of one that is done")
    func unexpired() async throws {
        try await withWorld { world in
            let open = try await world.upload(Array("open".utf8))
            try await world.metadata.write {
                try $0.sql.run("UPDATE uploads SET expires_at = expires_at + \(Int64.hours(1)) WHERE id = \(open.id)")
            }
            let kept = try await world.push("kept")
            try await #require(world.put(image(kept), tag: "1") != nil)
            try await world.metadata.write { try $0.sql.run("UPDATE uploads SET expires_at = 0 WHERE state = 'done'") }
            try await #expect(world.collect().uploads == 1)
            try await #expect(world.objects().count == 2)
            try await #expect(world.count("SELECT COUNT(*) FROM uploads WHERE state = 'open'") == 1)
        }
    }

    @Test("a writer that publishes and the expiry of its upload never both succeed")
    func expiryRace() async throws {
        try await withWorld { world in
            for _ in 0..<40 {
                let stored = try await world.upload(Array("race".utf8), publish: false)
                let row = UploadPartRow(number: 1, start: 0, length: 4, name: stored.part.name, etag: stored.part.etag)
                async let published = world.metadata.write {
                    try $0.publish(row, of: stored.id, fence: 1, from: 0, driver: "", life: .hours(1))
                }
                try await world.collect()
                let lives = try await world.count("SELECT COUNT(*) FROM uploads WHERE id = \(stored.id)") == 1
                try await #expect(published == lives)
                let named = try await world.count("SELECT COUNT(*) FROM doomed WHERE location = \(stored.part.name)")
                let exists = try await world.objects()[stored.part.name] != nil
                #expect(lives ? exists && named == 0 : !exists || named == 1)
            }
        }
    }

    @Test("a hold keeps all bytes, and ends by release or by time")
    func hold() async throws {
        try await withWorld { world in
            let hold = Hold.new()
            try await world.push("one")
            try await world.metadata.write { try $0.place(hold, life: .hours(1)) }
            let report = try await world.collect()
            #expect(report.blobs == 1 && report.objects == 0)
            try await #expect(world.metadata.write { try $0.renew(hold, life: .hours(1)) })
            try await world.metadata.write { try $0.release(hold) }
            try await #expect(world.collect().objects == 1)

            let short = Hold.new()
            try await world.push("two")
            try await world.metadata.write { try $0.place(short, life: 0) }
            try await #expect(world.collect().objects == 1)
            try await #expect(!world.metadata.write { try $0.renew(short, life: .hours(1)) })
        }
    }

    @Test("an object that a blob names is never deleted, whatever else is said of it")
    func contradiction() async throws {
        try await withWorld { world in
            let kept = try await world.push("kept")
            try await #require(world.put(image(kept), tag: "1") != nil)
            try await world.metadata.write {
                try $0.sql.run(
                    """
                    INSERT INTO doomed (location, kind, detail, bytes, due_at, tries)
                    SELECT location, 'object', '', 4, 0, 0 FROM blobs
                    """)
            }
            let report = try await world.collect()
            #expect(report.contradictions == 1 && report.objects == 0)
            try await #expect(world.objects().count == 1)
        }
    }

    @Test("what the store cannot delete is tried again later, and holds up nothing else")
    func failure() async throws {
        try await withWorld { world in
            try await world.metadata.write { try $0.doom("../outside", bytes: 1, after: 0) }
            try await world.push("one")
            let report = try await world.collect()
            #expect(report.failures == 1 && report.objects == 1)
            try await #expect(world.count("SELECT tries FROM doomed") == 1)
            try await #expect(world.collect().failures == 0)
        }
    }

    @Test("a run deals with what was due when it began, and so ends beside steady garbage")
    func bounded() async throws {
        try await withWorld { world in
            let faults = FaultPoints.armable()
            // Each delete is followed by new garbage, as beside clients that push.
            faults.arm("gc.afterBytes", .call { try await doom("late\(UInt64.random(in: 0 ... .max))", in: world) })
            try await doom("early", in: world)
            for _ in 0..<3 {
                try await #expect(world.collect(faults: faults).objects == 1)
                try await #expect(world.count("SELECT COUNT(*) FROM doomed") == 1)
            }
        }
    }

    @Test("collectors that run at once share the objects, and none is deleted twice")
    func shared() async throws {
        try await withWorld { world in
            for number in 0..<90 { try await doom("object\(number)", in: world) }
            var policy = World.hasty
            policy.objects = 10
            policy.claim = .hours(1)
            let portions = policy
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 { group.addTask { try await world.collect(portions).objects } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.reduce(0, +) == 90)
            try await #expect(world.count("SELECT COUNT(*) FROM doomed") == 0)
        }
    }

    private func doom(_ name: String, in world: World) async throws {
        try await world.metadata.write { try $0.doom("docker/registry/v2/haven/aa/\(name)", bytes: 1, after: 0) }
    }

    @Test("what a collector took on and died over is deleted by another when its claim is over")
    func abandonedClaim() async throws {
        try await withWorld { world in
            try await world.push("one")
            var policy = World.hasty
            policy.claim = .hours(1)
            let faults = FaultPoints.armable()
            faults.arm("gc.afterBytes", .error)
            let report = try? await world.collect(policy, faults: faults)
            #expect(report == nil, "it died on the way")
            try await #expect(world.collect().objects == 0)
            try await #expect(world.count("SELECT COUNT(*) FROM doomed") == 1)
            try await world.metadata.write { try $0.sql.run("UPDATE doomed SET due_at = 0") }
            try await #expect(world.collect().objects == 1)
            try await #expect(world.count("SELECT COUNT(*) FROM doomed") == 0)
        }
    }

    @Test("files that no row knows are listed once they are old, and those of open uploads never")
    func orphans() async throws {
        try await withTemporaryFolder { folder in
            try await withWorld(try await FilesystemBlobStore.open(root: "\(folder)/blobs")) { world in
                _ = try await world.upload(Array("open".utf8), publish: false)
                let kept = try await world.push("kept")
                try await #require(world.put(image(kept), tag: "1") != nil)
                let stray = "docker/registry/v2/haven/ab/ab-stray-1"
                try Data("stray".utf8).write(to: URL(fileURLWithPath: "\(folder)/blobs/\(stray)"))
                let collector = Collector(metadata: world.metadata, blobs: world.blobs, policy: World.hasty)
                try await #expect(collector.orphans(olderThan: .hours(1)).isEmpty)
                try await #expect(collector.orphans(olderThan: -.seconds(1)).map(\.location) == [stray])
                await world.blobs.close()
            }
        }
    }
}
