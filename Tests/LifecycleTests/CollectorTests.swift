// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Lifecycle
import Metadata
import OCI
import SQLStorage
import TestKit
import Testing

@Suite("The collector takes what nothing needs, and nothing else")
struct CollectorTests {
    @Test("a blob that no manifest names goes, with its bytes and its charge")
    func unreferenced() async throws {
        try await withWorld { world in
            try await world.push("layer")
            try await #expect(world.used() == 5)
            let report = try await world.collect()
            #expect(report.links == 1)
            #expect(report.blobs == 1)
            #expect(report.condemnedBytes == 5)
            try await #expect(world.used() == 0)
            try await #expect(world.objects().isEmpty)
            for table in ["links", "project_blobs", "blobs", "gc_candidates"] {
                try await #expect(world.count(SQLStatement(SQLFragment(raw: "SELECT COUNT(*) FROM \(table)"))) == 0)
            }
        }
    }

    @Test("what a tagged manifest names stays, and costs no second look")
    func referenced() async throws {
        try await withWorld { world in
            let (config, layer) = (try await world.push("config"), try await world.push("layer"))
            try await #require(world.put(image(config, layers: [layer]), tag: "1.0") != nil)
            let report = try await world.collect()
            #expect(report.links == 0 && report.blobs == 0 && report.manifests == 0)
            try await #expect(world.count("SELECT COUNT(*) FROM gc_candidates") == 0)
            try await #expect(world.contradictions() == [])
            try await #expect(world.objects().count == 2)
        }
    }

    @Test("a lease keeps a link, and the candidate waits for its end")
    func leased() async throws {
        try await withWorld { empty in
            var world = empty
            world.lease = .hours(1)
            try await world.push("layer")
            // As if the candidate had come due early: the lease on the link decides, not the date on the candidate.
            try await world.metadata.write { try $0.sql.run("UPDATE gc_candidates SET due_at = 0") }
            let report = try await world.collect()
            #expect(report.links == 0)
            let rows = try await world.metadata.read {
                try $0.sql.rows("SELECT c.due_at, l.leased_until FROM gc_candidates c, links l")
            }
            #expect(rows.count == 1)
            #expect(rows[0].integer(0) == rows[0].integer(1))
            try await #expect(world.objects().count == 1)
        }
    }

    @Test("a blob shared by projects goes with the last of them, and each gets its charge back")
    func shared() async throws {
        try await withWorld { first in
            let second = try await first.makeRepository("other")
            let digest = try await first.push("layer")
            try await second.push("layer")
            try await #require(first.put(image(digest), tag: "keep") != nil)
            try await second.collect()
            try await #expect(second.used() == 0)
            try await #expect(first.count("SELECT claims FROM blobs") == 1)
            try await #expect(first.objects().count == 1)
            try await first.delete(.sha256(of: Array(image(digest).utf8)))
            try await first.collect()
            try await #expect(first.used() == 0)
            try await #expect(first.objects().isEmpty)
        }
    }

    @Test("bytes stay for downloads that have begun until their grace is over")
    func grace() async throws {
        try await withWorld { world in
            try await world.push("layer")
            var patient = World.hasty
            patient.times.readGrace = .hours(1)
            let report = try await world.collect(patient)
            #expect(report.blobs == 1 && report.objects == 0)
            try await #expect(world.objects().count == 1)
            try await world.metadata.write { try $0.sql.run("UPDATE doomed SET due_at = 0") }
            try await #expect(world.collect(patient).freedBytes == 5)
            try await #expect(world.objects().isEmpty)
        }
    }

    @Test("manifests without a tag stay, unless the policy lets them go")
    func untagged() async throws {
        try await withWorld { world in
            let config = try await world.push("config")
            let manifest = try #require(try await world.put(image(config), tag: nil))
            try await #expect(world.collect().manifests == 0)
            var policy = World.hasty
            policy.removesUntagged = true
            // Its candidate is used up: a policy that changes needs a sweep.
            try await #expect(world.collect(policy).manifests == 0)
            let collector = Collector(metadata: world.metadata, blobs: world.blobs, policy: policy)
            try await #expect(collector.sweep() == 1)
            let report = try await world.collect(policy)
            #expect(report.manifests == 1 && report.links == 1 && report.blobs == 1)
            try await #expect(world.count("SELECT COUNT(*) FROM outbox WHERE kind = 'DELETE_ARTIFACT'") == 1)
            try await #expect(world.metadata.read { try $0.manifest(manifest, in: world.repository) == nil })
            try await #expect(world.contradictions() == [])
        }
    }

    @Test("children go with their index and referrers with their subject, when the policy lets untagged manifests go")
    func families() async throws {
        try await withWorld { world in
            var policy = World.hasty
            policy.removesUntagged = true
            let config = try await world.push("config")
            let child = try #require(try await world.put(image(config), tag: nil))
            let parent = try #require(try await world.put(index([child]), tag: "multi"))
            let signature = try await world.push("signature")
            try await #require(world.put(image(signature, subject: parent), tag: nil) != nil)
            try await #expect(world.collect(policy).manifests == 0)
            try await world.delete(parent)
            let report = try await world.collect(policy)
            #expect(report.manifests == 2 && report.blobs == 2)
            try await #expect(world.used() == 0)
            try await #expect(world.contradictions() == [])
        }
    }

    @Test("a dry run reports what a run does, and changes nothing")
    func dryRun() async throws {
        try await withWorld { world in
            try await world.push("one")
            try await world.push("three")
            _ = try await world.upload(Array("left".utf8))
            let (rows, objects) = (try await dump(world), try await world.objects())
            let expected = try await world.collect(dryRun: true)
            #expect(expected.isDryRun)
            try await #expect(dump(world) == rows)
            try await #expect(world.objects() == objects)
            let done = try await world.collect()
            #expect(expected.links == done.links && done.links == 2)
            #expect(expected.blobs == done.blobs && done.blobs == 2)
            #expect(expected.uploads == done.uploads && done.uploads == 1)
            #expect(expected.condemnedBytes == done.condemnedBytes && done.condemnedBytes == 8)
        }
    }

    @Test("a stop at any point leaves work that the next run finishes", arguments: 0..<4)
    func faults(_ number: Int) async throws {
        let point = ["gc.afterSelect", "gc.insideTx", "gc.afterDoom", "gc.afterBytes"][number]
        try await withWorld { world in
            try await world.push("one")
            try await world.push("two")
            _ = try await world.upload(Array("left".utf8))
            let faults = FaultPoints.armable()
            faults.arm(point, .error)
            await #expect(throws: InjectedFault.self) { try await world.collect(faults: faults) }
            try await world.collect()
            try await world.collect()
            try await #expect(world.objects().isEmpty)
            try await #expect(world.used() == 0)
            try await #expect(world.count("SELECT COUNT(*) FROM doomed") == 0)
        }
    }

    @Test("the sweep finds what lost its candidate, and finds nothing otherwise")
    func sweep() async throws {
        try await withWorld { world in
            let kept = try await world.push("kept")
            try await #require(world.put(image(kept), tag: "1") != nil)
            try await world.collect()
            let collector = Collector(metadata: world.metadata, blobs: world.blobs, policy: World.hasty)
            try await #expect(collector.sweep() == 0)
            try await world.push("lost")
            try await world.metadata.write { try $0.sql.run("DELETE FROM gc_candidates") }
            try await #expect(world.collect().links == 0)
            try await #expect(collector.sweep() == 1)
            try await #expect(world.collect().blobs == 1)
            try await #expect(world.contradictions() == [])
        }
    }

    private func dump(_ world: World) async throws -> [SQLRow] {
        try await world.metadata.read { transaction in
            try ["links", "blobs", "project_blobs", "gc_candidates", "doomed", "uploads", "project_usage"].flatMap {
                try transaction.sql.rows(SQLStatement(SQLFragment(raw: "SELECT * FROM \($0) ORDER BY 1, 2")))
            }
        }
    }
}
