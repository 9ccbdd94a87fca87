// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Foundation
import Lifecycle
import Metadata
import OCI
import SQLStorage
import TestKit
import Testing

/// Each test breaks one thing behind the registry's back, as a bug or a disk would, and expects to be told of it.
@Suite("checker")
struct CheckerTests {
    /// An object is never too young to be judged.
    private static let hasty = Times(lease: 0, uploadLife: -1_000_000, readGrace: 0, clockSpread: 0)

    private func check(
        _ world: World, rehash: Bool = false, times: Times = CheckerTests.hasty
    ) async throws -> CheckReport {
        try await Checker(metadata: world.metadata, blobs: world.blobs, times: times).run(rehash: rehash)
    }

    /// A pushed image, broken by `break`, must give exactly these findings.
    private func expect(
        rehash: Bool = false, _ breaking: (World, Digest, Digest) async throws -> Void,
        finds: (Digest, Digest) -> [CheckFinding]
    ) async throws {
        try await withWorld { world in
            let config = try await world.push("{}")
            let manifest = try await world.put(image(config), tag: "v1")
            let digest = try #require(manifest)
            #expect(try await check(world, rehash: true).isClean)
            try await breaking(world, config, digest)
            #expect(try await check(world, rehash: rehash).findings == finds(config, digest))
        }
    }

    private func run(_ world: World, _ statement: SQLStatement) async throws {
        try await world.metadata.write { _ = try $0.sql.run(statement) }
    }

    private func location(_ digest: Digest, _ world: World) async throws -> String {
        try await world.metadata.read {
            try $0.sql.rows("SELECT location FROM blobs WHERE digest = \(digest)")[0].text(0)
        }
    }

    /// A change that foreign keys would refuse, made by a tool that does not ask them to.
    private func withoutKeys(_ folder: String, _ statement: String) async throws {
        try await Tool("sqlite3").check("\(folder)/haven.db", statement)
    }

    @Test("images, indexes, moved and deleted tags, collected garbage and open uploads are all in order")
    func clean() async throws {
        try await withWorld { world in
            let (config, layer) = (try await world.push("{}"), try await world.push("layer"))
            let first = try #require(try await world.put(image(config, layers: [layer]), tag: "v1"))
            _ = try await world.put(image(config, subject: first), tag: "v1")
            _ = try await world.put(index([first]), tag: "all")
            let gone = try #require(try await world.put(image(config), tag: "old"))
            try await world.delete(gone)
            _ = try await world.upload(Array("half".utf8))
            let report = try await check(world, rehash: true)
            #expect(report.findings == [])
            #expect((report.blobs, report.manifests, report.tags, report.projects) == (2, 3, 2, 1))
            #expect(report.tagHistories == 3)
            #expect(report.objects == 3)
            #expect(report.hashedBytes == 7)
            try await world.collect()
            #expect(try await check(world).isClean)
        }
    }

    @Test("a missing object is a loss")
    func missing() async throws {
        var place = ""
        try await expect { world, config, _ in
            place = try await location(config, world)
            _ = await world.blobs.delete([DoomedObject(BlobLocation(rawValue: place))])
        } finds: { config, _ in
            [.objectMissing(config, location: place)]
        }
    }

    @Test("an object of another size is a loss")
    func size() async throws {
        var place = ""
        try await expect { world, config, _ in
            place = try await location(config, world)
            try await run(world, "UPDATE blobs SET size = 3")
        } finds: { config, _ in
            [.objectSize(config, location: place, expected: 3, found: 2)]
        }
    }

    @Test("other bytes of the same size are found by reading them, and only then")
    func changed() async throws {
        var place = ""
        try await withWorld { world in
            let config = try await world.push("{}")
            let other = try await world.upload(Array("[]".utf8), publish: false)
            place = other.part.name
            try await run(world, "UPDATE uploads SET state = 'done'")
            let lost = try await location(config, world)
            _ = await world.blobs.delete([DoomedObject(BlobLocation(rawValue: lost))])
            try await run(world, "UPDATE blobs SET location = \(place)")
            #expect(try await check(world).isClean)
            #expect(try await check(world, rehash: true).findings == [.objectChanged(config, location: place)])
        }
    }

    @Test("a blob that counts as missing though it is there is told")
    func suspect() async throws {
        try await expect { world, _, _ in
            try await run(world, "UPDATE blobs SET suspect = 1")
        } finds: { config, _ in
            [.suspect(config)]
        }
    }

    @Test("wrong counters are told")
    func counters() async throws {
        var used: Int64 = 0
        try await expect { world, _, _ in
            used = try await world.used()
            try await run(world, "UPDATE blobs SET claims = 2")
            try await run(world, "UPDATE project_blobs SET links = 3")
            try await run(world, "UPDATE project_usage SET used = used + 4")
        } finds: { config, _ in
            [
                .claims(config, counted: 2, rows: 1), .links(project: "library", config, counted: 3, rows: 1),
                .usage(project: "library", charged: used + 4, used: used),
            ]
        }
    }

    @Test("a manifest whose bytes changed is a loss")
    func manifestBytes() async throws {
        try await expect { world, _, _ in
            try await run(world, "UPDATE manifests SET bytes = \(Array("{}".utf8))")
        } finds: { _, manifest in
            [.manifestChanged("library/app", manifest)]
        }
    }

    @Test("a manifest without the row of a reference is a loss")
    func reference() async throws {
        try await expect { world, _, _ in
            try await run(world, "DELETE FROM manifest_blobs")
        } finds: { config, manifest in
            [.referenceMissing("library/app", manifest, reference: config)]
        }
    }

    @Test("a tag that is not where its last move left it, and moves that are missing, are told")
    func tags() async throws {
        try await expect { world, _, _ in
            try await run(world, "UPDATE tags SET version = 3")
            try await run(
                world,
                """
                INSERT INTO tag_history (repository_id, name, version, old, new, by_name, at_time, op_id)
                SELECT repository_id, name, 3, old, NULL, by_name, at_time, op_id FROM tag_history
                """)
        } finds: { _, manifest in
            [
                .tagAstray("library/app", tag: "v1", points: manifest, remembered: nil),
                .tagHistoryGap("library/app", tag: "v1", entries: 2, first: 1, last: 3),
            ]
        }
    }

    @Test("a tag without history is told")
    func unremembered() async throws {
        try await expect { world, _, _ in
            try await run(world, "DELETE FROM tag_history")
        } finds: { _, _ in
            [.tagUnremembered("library/app", tag: "v1")]
        }
    }

    @Test("an object that is named twice is told, by a blob and as condemned, and by an upload and a blob")
    func shared() async throws {
        var place = ""
        var upload = UploadID.random()
        try await expect { world, config, _ in
            place = try await location(config, world)
            try await world.metadata.write { [place] in try $0.doom(place, bytes: 2, after: .hours(1)) }
            try await run(world, "UPDATE uploads SET state = 'failed'")
            upload = UploadID(
                rawValue: try await world.metadata.read { try $0.sql.rows("SELECT id FROM uploads")[0].text(0) })
        } finds: { config, _ in
            [
                .locationShared(place, between: "blob \(config)", and: "condemned objects"),
                .locationShared(place, between: "upload \(upload)", and: "blob \(config)"),
            ]
        }
    }

    @Test("an object that nothing names is a leak when it is old, and none while it is young")
    func leak() async throws {
        try await withWorld { world in
            let stray = try await world.upload(Array("stray".utf8))
            try await run(world, "DELETE FROM upload_parts")
            #expect(try await check(world).isClean)
            try await run(world, "DELETE FROM uploads")
            let report = try await check(world)
            #expect(report.findings == [.unnamedObject(location: stray.part.name, size: 5)])
            #expect(!report.isFaulty)
            let young = try await check(world, times: .standard)
            #expect(young.isClean)
            #expect(young.youngObjects == 1)
        }
    }

    @Test("an acknowledged part of an open upload that is gone is a loss")
    func part() async throws {
        try await withWorld { world in
            let upload = try await world.upload(Array("half".utf8))
            try await run(world, "UPDATE uploads SET expires_at = expires_at + 3600000000")
            #expect(try await check(world).isClean)
            _ = await world.blobs.delete([DoomedObject(BlobLocation(rawValue: upload.part.name))])
            #expect(try await check(world).findings == [.partMissing(upload.id, location: upload.part.name)])
        }
    }

    @Test(
        "a row whose parent was removed past the foreign keys is told",
        .enabled(if: Tool.path(of: "sqlite3") != nil, "sqlite3 is not on this machine"))
    func parentless() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await Migrator(database).migrate()
            let world = try await World(
                metadata: MetadataStore(database: database), blobs: MemoryBlobStore(), project: .random(),
                repository: .random()
            ).makeRepository("library")
            _ = try await world.push("{}")
            try await withoutKeys(folder, "DELETE FROM repositories")
            let report = try await check(world)
            #expect(
                report.findings.contains(
                    .parentless(
                        table: "links",
                        row: "repository_id \(world.repository), digest \(Digest.sha256(of: Array("{}".utf8)))")
                ))
            #expect(report.findings.allSatisfy { $0.subject == "row" })
            await database.close()
        }
    }

    @Test("beside pushes, deletes and collection it raises no false alarm")
    func beside() async throws {
        try await withWorld { world in
            try await withThrowingTaskGroup { group in
                group.addTask {
                    for number in 0..<150 {
                        let config = try await world.push("{\"n\":\(number % 7)}")
                        // Without a lease the collector may take the blob before the manifest comes: then there is none.
                        let manifest = try await world.put(image(config), tag: "v\(number % 3)")
                        if number % 5 == 0, let manifest { try await world.delete(manifest) }
                    }
                }
                group.addTask {
                    while !Task.isCancelled { try await world.collect() }
                }
                for _ in 0..<25 {
                    let report = try await check(world, rehash: true)
                    #expect(report.findings == [])
                }
                _ = try await group.next()
                group.cancelAll()
            }
        }
    }
}
