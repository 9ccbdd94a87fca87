// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Foundation
import Lifecycle
import Metadata
import OCI
import SQLStorage
import TestKit
import Testing

@Suite("backup and restore")
struct BackupTests {
    private struct Site {
        let folder: String
        let world: World
        let database: SQLiteDatabase
        var places: BackupPlaces { .in("\(folder)/data") }

        func backUp(_ name: String = "backup") async throws -> BackupSummary {
            try await Backup(database: database, places: places, version: "test").run(to: "\(folder)/\(name)")
        }

        @discardableResult
        func restore(_ name: String = "backup") async throws -> (summary: BackupSummary, changed: [String]) {
            try await Restore(to: .in("\(folder)/restored")).run(from: "\(folder)/\(name)")
        }

        /// The check of what was restored.
        func check() async throws -> CheckReport {
            let database = try SQLiteDatabase(path: "\(folder)/restored/haven.db")
            let blobs = try await FilesystemBlobStore.open(root: "\(folder)/restored/registry")
            let times = Times(lease: 0, uploadLife: -1_000_000, readGrace: 0, clockSpread: 0)
            let report = try await Checker(
                metadata: MetadataStore(database: database), blobs: blobs, times: times
            ).run(rehash: true)
            await blobs.close()
            await database.close()
            return report
        }
    }

    private func withSite(_ body: (Site) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let places = BackupPlaces.in("\(folder)/data")
            try FileManager.default.createDirectory(atPath: places.folder, withIntermediateDirectories: true)
            try "0123456789abcdef".write(toFile: places.secretKey, atomically: true, encoding: .utf8)
            let database = try SQLiteDatabase(path: places.database)
            try await Migrator(database).migrate()
            let blobs = try await FilesystemBlobStore.open(root: places.store)
            let world = try await World(
                metadata: MetadataStore(database: database), blobs: blobs, project: .random(), repository: .random(),
                lease: .hours(1)
            ).makeRepository("library")
            let config = try await world.push("{}")
            _ = try await world.put(image(config, layers: [try await world.push("layer")]), tag: "v1")
            try await body(Site(folder: folder, world: world, database: database))
            await blobs.close()
            await database.close()
        }
    }

    private func objects(in folder: String) throws -> [String] {
        (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []).filter { $0.contains("-") }
    }

    @Test("what is restored is what was there, without open uploads and condemned objects, and leaks nothing")
    func whole() async throws {
        try await withSite { site in
            _ = try await site.world.upload(Array("half".utf8))
            let doomed = try await site.world.upload(Array("doomed".utf8), publish: false)
            try await site.world.metadata.write { try $0.doom(doomed.part.name, bytes: 6, after: .hours(1)) }
            let summary = try await site.backUp()
            #expect((summary.objects, summary.objectBytes, summary.missing) == (2, 7, 0))
            try await site.restore()
            let report = try await site.check()
            #expect(report.findings == [])
            #expect((report.blobs, report.manifests, report.tags, report.objects) == (2, 1, 1, 2))
            #expect(
                FileManager.default.contentsEqual(
                    atPath: "\(site.folder)/restored/secretkey", andPath: site.places.secretKey))
            // Nothing of the work stays beside the database.
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: site.places.folder).allSatisfy {
                    !$0.hasPrefix("haven.db.backup")
                })
        }
    }

    @Test("on one file system objects are links, and the restored ones are files of their own")
    func links() async throws {
        try await withSite { site in
            _ = try await site.backUp()
            try await site.restore()
            for (folder, links) in [("data", 2), ("backup", 2), ("restored", 1)] {
                let root = "\(site.folder)/\(folder)/registry"
                let files = try objects(in: root)
                #expect(files.count == 2)
                for file in files {
                    let attributes = try FileManager.default.attributesOfItem(atPath: "\(root)/\(file)")
                    #expect(attributes[.referenceCount] as? Int == links)
                }
            }
        }
    }

    @Test("a hold keeps condemned objects until it is released, and a finished backup leaves none behind")
    func hold() async throws {
        try await withSite { site in
            let hold = Hold.new()
            try await site.world.metadata.write { try $0.place(hold, life: .hours(1)) }
            let doomed = try await site.world.upload(Array("doomed".utf8), publish: false)
            try await site.world.metadata.write {
                try $0.doom(doomed.part.name, bytes: 6, after: 0)
                try $0.sql.run("UPDATE uploads SET state = 'done'")
            }
            #expect(try await site.world.collect().objects == 0)
            try await site.world.metadata.write { try $0.release(hold) }
            #expect(try await site.world.collect().objects == 1)
            _ = try await site.backUp()
            #expect(try await site.world.count("SELECT COUNT(*) FROM leases WHERE until_at > 0") == 0)
        }
    }

    @Test("a folder that holds something is refused for a backup and as a place to restore to")
    func notEmpty() async throws {
        try await withSite { site in
            _ = try await site.backUp()
            await #expect(throws: BackupError.notEmpty("\(site.folder)/backup")) { try await site.backUp() }
            await #expect(throws: BackupError.notEmpty(site.places.folder)) {
                try await Restore(to: site.places).run(from: "\(site.folder)/backup")
            }
        }
    }

    @Test("a backup whose summary, database, list or object is not as written is refused, and nothing is restored")
    func damaged() async throws {
        try await withSite { site in
            let object = try await Self.anyObject(site)
            for (number, name) in ["haven.db", "objects", object].enumerated() {
                _ = try await site.backUp("b\(number)")
                let path = "\(site.folder)/b\(number)/\(name)"
                let bytes = try #require(FileManager.default.contents(atPath: path))
                try FileManager.default.removeItem(atPath: path)
                try (bytes + Data("x".utf8)).write(to: URL(fileURLWithPath: path))
                await #expect(throws: BackupError.damaged(path)) { try await site.restore("b\(number)") }
            }
            _ = try await site.backUp("b9")
            try FileManager.default.removeItem(atPath: "\(site.folder)/b9/backup.json")
            await #expect(throws: BackupError.noBackup("\(site.folder)/b9")) { try await site.restore("b9") }
            #expect(!FileManager.default.fileExists(atPath: "\(site.folder)/restored"))
        }
    }

    @Test("an object whose bytes changed at the same size is found while it is copied")
    func changed() async throws {
        try await withSite { site in
            _ = try await site.backUp()
            let object = try await Self.anyObject(site)
            let path = "\(site.folder)/backup/\(object)"
            let size = try #require(FileManager.default.contents(atPath: path)).count
            try FileManager.default.removeItem(atPath: path)
            try Data(repeating: 0, count: size).write(to: URL(fileURLWithPath: path))
            let restored = try await site.restore()
            #expect(restored.changed == [String(object.dropFirst("registry/".count))])
            #expect(try await site.check().count(.lost) == 1)
        }
    }

    @Test("a registry that lost an object is backed up all the same, and says so")
    func missing() async throws {
        try await withSite { site in
            let object = try await Self.anyObject(site)
            try FileManager.default.removeItem(atPath: "\(site.places.folder)/\(object)")
            let summary = try await site.backUp()
            #expect((summary.objects, summary.missing) == (1, 1))
            try await site.restore()
            #expect(try await site.check().count(.lost) == 1)
        }
    }

    @Test("a key that is there already is kept when it is the same, and refused when it is another")
    func key() async throws {
        try await withSite { site in
            _ = try await site.backUp()
            let place = "\(site.folder)/restored"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            try "another key ....".write(toFile: "\(place)/secretkey", atomically: true, encoding: .utf8)
            await #expect(throws: BackupError.otherKey("\(place)/secretkey")) { try await site.restore() }
            try "0123456789abcdef".write(toFile: "\(place)/secretkey", atomically: true, encoding: .utf8)
            try await site.restore()
            #expect(try await site.check().isClean)
        }
    }

    /// The path of a stored object below the data folder.
    private static func anyObject(_ site: Site) async throws -> String {
        let location = try await site.world.metadata.read {
            try $0.sql.rows("SELECT location FROM blobs ORDER BY digest")[0].text(0)
        }
        return "registry/\(location)"
    }
}

extension BackupPlaces {
    fileprivate static func `in`(_ folder: String) -> BackupPlaces {
        BackupPlaces(
            folder: folder, database: "\(folder)/haven.db", store: "\(folder)/registry",
            secretKey: "\(folder)/secretkey")
    }
}
