// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Foundation
import Lifecycle
import Metadata
import NIOCore
import OCI
import SQLStorage
import TestKit

/// A database, a store, and the steps of a push without the rooms above: what the collector meets.
struct World: Sendable {
    let metadata: MetadataStore
    let blobs: any BlobStore
    let project: ProjectID
    let repository: RepositoryID
    /// How long pushes lease what they make, in microseconds.
    var lease: Int64 = 0
    /// How long uploads wait for their next byte, in microseconds.
    var uploadLife: Int64 = 0

    /// A policy under which everything is due at once.
    static var hasty: CollectionPolicy {
        var policy = CollectionPolicy(times: Times(lease: 0, uploadLife: 0, readGrace: 0, clockSpread: 0))
        policy.secondLook = 0
        policy.claim = 0
        return policy
    }

    /// Collects until nothing is due.
    @discardableResult
    func collect(
        _ policy: CollectionPolicy = World.hasty, dryRun: Bool = false, faults: FaultPoints = .none
    ) async throws -> CollectionReport {
        // The database's clock has milliseconds: what is due "now" may be due in the next one.
        try await Task.sleep(for: .milliseconds(2))
        return try await Collector(metadata: metadata, blobs: blobs, policy: policy, faults: faults)
            .run(dryRun: dryRun)
    }

    /// Makes a project with one repository.
    func makeRepository(_ name: String, quota: Int64? = nil) async throws -> World {
        let (project, repository) = (ProjectID.random(), RepositoryID.random())
        try await metadata.write { transaction in
            let now = transaction.dialect.now
            try transaction.sql.run(
                """
                INSERT INTO projects (id, name, name_key, is_public, created_at, version)
                VALUES (\(project), \(name), \(name), 1, \(now), 1)
                """)
            try transaction.sql.run(
                """
                INSERT INTO project_usage (project_id, slot, used, allowance, version)
                VALUES (\(project), 0, 0, \(quota), 1)
                """)
            try transaction.sql.run(
                """
                INSERT INTO repositories (id, project_id, name, name_key, created_at)
                VALUES (\(repository), \(project), \("\(name)/app"), \("\(name)/app"), \(now))
                """)
        }
        return World(metadata: metadata, blobs: blobs, project: project, repository: repository, lease: lease)
    }

    /// Begins an upload and writes one part, published or not.
    func upload(_ bytes: [UInt8], publish: Bool = true) async throws -> (id: UploadID, part: UploadPart, base: String) {
        let id = UploadID.random()
        let base = blobs.newBase()
        let owner = UploadOwner(id: id, repository: repository, caller: "test")
        try await metadata.write { [project, uploadLife] in
            try $0.beginUpload(owner, in: project, base: base, holder: "test", life: uploadLife)
        }
        let writer = try await blobs.beginPart(1, of: UploadPlan(base: base), at: 0)
        try await writer.write(ByteBuffer(bytes: bytes))
        let part = try await writer.seal()
        if publish {
            let row = UploadPartRow(
                number: part.number, start: 0, length: part.length, name: part.name, etag: part.etag)
            _ = try await metadata.write { [uploadLife] in
                try $0.publish(row, of: id, fence: 1, from: 0, driver: "", life: uploadLife)
            }
        }
        return (id, part, base)
    }

    /// Pushes a blob: upload, commit, link.
    @discardableResult
    func push(_ text: String) async throws -> Digest {
        let bytes = Array(text.utf8)
        let digest = Digest.sha256(of: bytes)
        let stored = try await upload(bytes, publish: false)
        try await metadata.write { [lease, repository, project] transaction in
            // An upload of no life may have expired before it is committed.
            guard try transaction.finishUpload(stored.id, as: digest, size: Int64(bytes.count), fence: 1) else {
                return
            }
            try transaction.storeBlob(
                digest, size: Int64(bytes.count), location: stored.part.name, into: repository, of: project,
                lease: lease)
        }
        return digest
    }

    /// Puts a manifest under an optional tag.
    ///
    /// - Returns: Its digest, or nil when a reference is missing.
    func put(_ text: String, tag: String?) async throws -> Digest? {
        let bytes = Array(text.utf8)
        let parsed = try Manifest(parsing: bytes, contentType: nil)
        let manifest = NewManifest(
            digest: .sha256(of: bytes), mediaType: parsed.mediaType, bytes: bytes, parsed: parsed, annotations: "{}")
        let change = TagChange(by: "test", operation: OperationID.random().rawValue)
        return try await metadata.write { [lease, repository, project] transaction -> Digest? in
            let named = Set(([parsed.config] + parsed.layers).compactMap { $0?.digest }).sorted()
            for digest in named {
                guard let blob = try transaction.linkedBlob(digest, in: repository) else { return nil }
                try transaction.lean(blob, in: repository, lease: lease)
            }
            for child in parsed.children {
                guard try transaction.leaseManifest(child.digest, in: repository, lease: lease) else { return nil }
            }
            let children = Set(parsed.children.map(\.digest)).sorted()
            _ = try transaction.storeManifest(
                manifest, in: repository, of: project, blobs: named, children: children, lease: lease)
            if let tag = tag.flatMap({ Tag($0) }) {
                let seen = try transaction.tag(tag, in: repository)
                if seen?.digest != manifest.digest {
                    _ = try transaction.move(tag, in: repository, from: seen, to: manifest.digest, change)
                    if let old = seen?.digest {
                        try transaction.addCandidate(
                            .manifest, repository: repository, project: project, digest: old, after: 0)
                    }
                }
            }
            return manifest.digest
        }
    }

    /// Deletes a manifest as a client does.
    func delete(_ digest: Digest) async throws {
        let change = TagChange(by: "test", operation: OperationID.random().rawValue)
        try await metadata.write { [repository, project] transaction in
            guard let row = try transaction.manifest(digest, in: repository) else { return }
            for (tag, seen) in try transaction.tags(of: digest, in: repository) {
                _ = try transaction.delete(tag, in: repository, seen: seen, change)
            }
            try transaction.deleteManifest(row, from: repository, of: project, grace: 0)
        }
    }

    /// The first column of a query that counts.
    func count(_ statement: SQLStatement) async throws -> Int64 {
        try await metadata.read { try $0.sql.rows(statement)[0].integer(0) }
    }

    func used() async throws -> Int64 {
        try await metadata.read { [project] in try $0.usage(of: project).used }
    }

    /// The names and sizes of all stored objects.
    func objects() async throws -> [String: Int64] {
        var found: [String: Int64] = [:]
        try await blobs.list { location, size, _ in found[location.rawValue] = size }
        return found.filter { !$0.key.hasSuffix(".complete") }
    }

    /// What must hold whenever nothing runs and all garbage is collected: rows agree, every blob has its object, and nothing
    /// else is stored.
    func contradictions() async throws -> [String] {
        var found = try await rowContradictions()
        let rows = try await metadata.read { try $0.sql.rows("SELECT location, size FROM blobs") }
        let named = Dictionary(rows.map { ($0.text(0), $0.integer(1)) }, uniquingKeysWith: { first, _ in first })
        let stored = try await objects()
        if named != stored { found.append("objects: \(named.count) named, \(stored.count) stored") }
        return found
    }

    /// What must hold at any moment: counters equal rows, and a location is in one place.
    func rowContradictions() async throws -> [String] {
        var found: [String] = []
        let rules: [(String, SQLStatement)] = [
            (
                "claims",
                "SELECT COUNT(*) FROM blobs b WHERE claims <> (SELECT COUNT(*) FROM project_blobs p WHERE p.digest = b.digest)"
            ),
            (
                "links",
                """
                SELECT COUNT(*) FROM project_blobs p WHERE links <>
                    (SELECT COUNT(*) FROM links l WHERE l.project_id = p.project_id AND l.digest = p.digest)
                """
            ),
            (
                "usage",
                """
                SELECT COUNT(*) FROM project_usage u WHERE used <>
                    (SELECT COALESCE(SUM(size), 0) FROM project_blobs p WHERE p.project_id = u.project_id)
                    + (SELECT COALESCE(SUM(m.size), 0) FROM manifests m JOIN repositories r ON r.id = m.repository_id
                        WHERE r.project_id = u.project_id)
                """
            ),
            ("two places", "SELECT COUNT(*) FROM blobs b JOIN doomed d ON d.location = b.location"),
        ]
        for (name, statement) in rules where try await count(statement) != 0 { found.append(name) }
        return found
    }
}

/// Runs `body` in an empty world with a memory store.
func withWorld<T>(_ body: (World) async throws -> T) async throws -> T {
    try await withWorld(MemoryBlobStore(), body)
}

/// Runs `body` in an empty world with `blobs`.
func withWorld<T>(_ blobs: any BlobStore, _ body: (World) async throws -> T) async throws -> T {
    try await TestDatabase.chosen.with { database in
        try await Migrator(database).migrate()
        let empty = World(
            metadata: MetadataStore(database: database), blobs: blobs, project: .random(), repository: .random())
        return try await body(empty.makeRepository("library"))
    }
}

/// The text of an image manifest.
func image(_ config: Digest, layers: [Digest] = [], subject: Digest? = nil) -> String {
    let list = layers.map { descriptor($0, "application/vnd.oci.image.layer.v1.tar") }.joined(separator: ",")
    let extra = subject.map { #", "subject": \#(descriptor($0, "application/vnd.oci.image.manifest.v1+json"))"# } ?? ""
    return """
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": \(descriptor(config, "application/vnd.oci.image.config.v1+json")), "layers": [\(list)]\(extra)}
        """
}

/// The text of an index.
func index(_ children: [Digest]) -> String {
    let list = children.map { descriptor($0, "application/vnd.oci.image.manifest.v1+json") }.joined(separator: ",")
    return """
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [\(list)]}
        """
}

private func descriptor(_ digest: Digest, _ type: String) -> String {
    #"{"mediaType": "\#(type)", "digest": "\#(digest)", "size": 1}"#
}
