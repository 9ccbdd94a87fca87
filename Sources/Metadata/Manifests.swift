// SPDX-License-Identifier: Apache-2.0
package import OCI
import SQLStorage

/// A manifest as it is stored: the bytes a client sent, and what lists need of them.
package struct ManifestRow: Sendable {
    /// The manifest.
    package let digest: Digest
    /// The media type the client sent, served back exactly.
    package let mediaType: String
    /// The bytes the client sent, served back exactly.
    package let bytes: [UInt8]
    /// The row's version, raised by each change.
    package let version: Int64

    /// Makes a row value.
    package init(digest: Digest, mediaType: String, bytes: [UInt8], version: Int64) {
        self.digest = digest
        self.mediaType = mediaType
        self.bytes = bytes
        self.version = version
    }
}

/// A manifest without its bytes.
package struct ManifestHead: Sendable {
    /// The manifest.
    package let digest: Digest
    /// The media type the client sent.
    package let mediaType: String
    /// How many bytes it has.
    package let size: Int64
}

/// What a push stores of a manifest.
package struct NewManifest: Sendable {
    /// The manifest's digest, in the algorithm the client named it by.
    package let digest: Digest
    /// The media type to serve it with.
    package let mediaType: String
    /// The bytes as they came.
    package let bytes: [UInt8]
    /// What the strict reader found in them.
    package let parsed: Manifest
    /// The annotations as JSON text, for lists of referrers.
    package let annotations: String

    /// Makes the value; see the properties.
    package init(digest: Digest, mediaType: String, bytes: [UInt8], parsed: Manifest, annotations: String) {
        self.digest = digest
        self.mediaType = mediaType
        self.bytes = bytes
        self.parsed = parsed
        self.annotations = annotations
    }
}

/// A manifest that names another as its subject, as the referrers list shows it.
package struct Referrer: Sendable {
    /// The referring manifest.
    package let digest: Digest
    /// Its media type.
    package let mediaType: String
    /// Its artifact type, or its config's media type.
    package let artifactType: String?
    /// Its size in bytes.
    package let size: Int64
    /// Its annotations, as the text of a JSON object.
    package let annotations: String
}

extension MetadataTransaction {
    /// The manifest of a digest in a repository, without its bytes.
    package func manifestHead(_ digest: Digest, in repository: RepositoryID) throws -> ManifestHead? {
        try sql.rows(
            "SELECT media_type, size FROM manifests WHERE repository_id = \(repository) AND digest = \(digest)"
        ).first.map { ManifestHead(digest: digest, mediaType: $0.text(0), size: $0.integer(1)) }
    }

    /// The manifest a tag points to now, without its bytes.
    package func manifestHead(_ tag: Tag, in repository: RepositoryID) throws -> ManifestHead? {
        try sql.rows(
            """
            SELECT m.digest, m.media_type, m.size
            FROM tags t JOIN manifests m ON m.repository_id = t.repository_id AND m.digest = t.digest
            WHERE t.repository_id = \(repository) AND t.name = \(tag)
            """
        ).first.map { ManifestHead(digest: try $0.digest(0), mediaType: $0.text(1), size: $0.integer(2)) }
    }

    /// The manifest of a digest in a repository.
    package func manifest(_ digest: Digest, in repository: RepositoryID) throws -> ManifestRow? {
        try sql.rows(
            """
            SELECT media_type, bytes, version FROM manifests
            WHERE repository_id = \(repository) AND digest = \(digest)
            """
        ).first.map {
            ManifestRow(digest: digest, mediaType: $0.text(0), bytes: $0.blob(1), version: $0.integer(2))
        }
    }

    /// The manifest a tag points to now.
    package func manifest(_ tag: Tag, in repository: RepositoryID) throws -> ManifestRow? {
        try sql.rows(
            """
            SELECT m.digest, m.media_type, m.bytes, m.version
            FROM tags t JOIN manifests m ON m.repository_id = t.repository_id AND m.digest = t.digest
            WHERE t.repository_id = \(repository) AND t.name = \(tag)
            """
        ).first.map {
            ManifestRow(
                digest: try $0.digest(0), mediaType: $0.text(1), bytes: $0.blob(2), version: $0.integer(3))
        }
    }

    /// Leases a manifest anew, so that the collector lets it stand while a parent is pushed.
    ///
    /// - Returns: Whether the repository holds the manifest.
    package func leaseManifest(_ digest: Digest, in repository: RepositoryID, lease: Int64) throws -> Bool {
        try sql.run(
            """
            UPDATE manifests SET leased_until = \(dialect.now) + \(lease), version = version + 1
            WHERE repository_id = \(repository) AND digest = \(digest)
            """) == 1
    }

    /// Stores a manifest with its references, or leases the one that is there anew.
    ///
    /// References are foreign keys: every blob must be linked and every child stored in this repository.
    ///
    /// - Parameters:
    ///   - blobs: The linked blobs it references, without repeats.
    ///   - children: The stored manifests it references, without repeats.
    ///   - lease: How long it stays without a tag or parent, in microseconds.
    /// - Returns: Whether the manifest is new to the repository.
    package func storeManifest(
        _ manifest: NewManifest, in repository: RepositoryID, of project: ProjectID, blobs: [Digest],
        children: [Digest],
        lease: Int64
    ) throws -> Bool {
        let parsed = manifest.parsed
        let size = Int64(manifest.bytes.count)
        let made = try sql.run(
            """
            INSERT INTO manifests (repository_id, digest, media_type, artifact_type, subject, size, bytes, annotations, kind,
                                   pushed_at, leased_until, version)
            VALUES (\(repository), \(manifest.digest), \(manifest.mediaType), \(parsed.artifactType),
                    \(parsed.subject?.digest), \(size), \(manifest.bytes), \(manifest.annotations),
                    \(parsed.kind == .index ? 1 : 0), \(dialect.now), \(dialect.now) + \(lease), 1)
            \(dialect.keepExisting("digest"))
            """)
        guard made == 1 else {
            guard try leaseManifest(manifest.digest, in: repository, lease: lease) else {
                throw MetadataError.raced("manifest \(manifest.digest)")
            }
            return false
        }
        try reference(blobs, children: children, from: manifest.digest, in: repository)
        try charge(project, bytes: size)
        try addCandidate(.manifest, repository: repository, project: project, digest: manifest.digest, after: lease)
        return true
    }

    private func reference(
        _ blobs: [Digest], children: [Digest], from manifest: Digest, in repository: RepositoryID
    ) throws {
        for blob in blobs {
            try sql.run(
                """
                INSERT INTO manifest_blobs (repository_id, manifest, \(dialect.column("blob")))
                VALUES (\(repository), \(manifest), \(blob))
                """)
        }
        for child in children {
            try sql.run(
                "INSERT INTO manifest_children (repository_id, parent, child) VALUES (\(repository), \(manifest), \(child))"
            )
        }
    }

    /// The indexes of a repository that name a manifest as their child, at most ten.
    package func parents(of digest: Digest, in repository: RepositoryID) throws -> [Digest] {
        try sql.rows(
            """
            SELECT parent FROM manifest_children WHERE repository_id = \(repository) AND child = \(digest)
            ORDER BY parent LIMIT 10
            """
        ).map { try $0.digest(0) }
    }

    /// The manifests of a repository that reference a blob, at most ten.
    package func holders(of blob: Digest, in repository: RepositoryID) throws -> [Digest] {
        try sql.rows(
            """
            SELECT manifest FROM manifest_blobs m WHERE m.repository_id = \(repository) AND m.blob = \(blob)
            ORDER BY manifest LIMIT 10
            """
        ).map { try $0.digest(0) }
    }

    /// Deletes a manifest whose tags are gone and which no index names, and releases what it held.
    ///
    /// Its blobs and children become candidates at once, and its referrers, which follow their subject.
    ///
    /// - Parameters:
    ///   - version: The version that was read; another one means somebody pushed it again.
    ///   - grace: How long the blobs' links stay at least, in microseconds.
    package func deleteManifest(
        _ row: ManifestRow, from repository: RepositoryID, of project: ProjectID, grace: Int64
    ) throws {
        let blobs = try sql.rows(
            "SELECT m.blob FROM manifest_blobs m WHERE m.repository_id = \(repository) AND m.manifest = \(row.digest)")
        let children = try sql.rows(
            "SELECT child FROM manifest_children WHERE repository_id = \(repository) AND parent = \(row.digest)")
        try sql.run("DELETE FROM manifest_blobs WHERE repository_id = \(repository) AND manifest = \(row.digest)")
        try sql.run("DELETE FROM manifest_children WHERE repository_id = \(repository) AND parent = \(row.digest)")
        let removed = try sql.run(
            """
            DELETE FROM manifests WHERE repository_id = \(repository) AND digest = \(row.digest)
            AND version = \(row.version)
            """)
        guard removed == 1 else { throw MetadataError.raced("manifest \(row.digest)") }
        try release(
            blobs: blobs.map { try $0.digest(0) }, children: children.map { try $0.digest(0) },
            from: repository, of: project, grace: grace)
        for referrer in try referrers(of: row.digest, in: repository, limit: 1_000) {
            try addCandidate(.manifest, repository: repository, project: project, digest: referrer.digest, after: 0)
        }
        try credit(project, bytes: Int64(row.bytes.count))
    }

    private func release(
        blobs: [Digest], children: [Digest], from repository: RepositoryID, of project: ProjectID, grace: Int64
    ) throws {
        for blob in blobs {
            try sql.run(
                """
                UPDATE links SET leased_until = \(dialect.now) + \(grace), version = version + 1
                WHERE repository_id = \(repository) AND digest = \(blob) AND leased_until < \(dialect.now) + \(grace)
                """)
            try addCandidate(.link, repository: repository, project: project, digest: blob, after: grace)
        }
        for child in children {
            try addCandidate(.manifest, repository: repository, project: project, digest: child, after: grace)
        }
    }

    /// A page of the manifests that name a digest as their subject, in order of their digests.
    ///
    /// - Parameters:
    ///   - artifactType: Only those of this artifact type, or nil for all.
    ///   - last: The digest the page begins after.
    ///   - limit: The most rows to return.
    package func referrers(
        of subject: Digest, in repository: RepositoryID, artifactType: String? = nil, after last: Digest? = nil,
        limit: Int
    ) throws -> [Referrer] {
        let filter: SQLFragment = artifactType.map { "AND artifact_type = \($0)" } ?? ""
        return try sql.rows(
            """
            SELECT digest, media_type, artifact_type, size, annotations FROM manifests
            WHERE repository_id = \(repository) AND subject = \(subject) AND digest > \(last?.description ?? "") \(filter)
            ORDER BY digest LIMIT \(limit)
            """
        ).map {
            Referrer(
                digest: try $0.digest(0), mediaType: $0.text(1), artifactType: $0.optionalText(2), size: $0.integer(3),
                annotations: $0.text(4))
        }
    }
}
