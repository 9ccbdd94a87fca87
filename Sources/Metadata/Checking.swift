// SPDX-License-Identifier: Apache-2.0

package import OCI
import SQLStorage

// What the checker reads: pages by key, each a short read of its own. A row and what it is compared with are read by one
// statement, so that writers beside it never make them differ.

/// A blob's row and what it is compared with.
package struct CheckedBlob: Sendable {
    package let digest: Digest
    /// In bytes.
    package let size: Int64
    package let location: String
    /// How many projects use it, as counted beside.
    package let claims: Int64
    /// How many projects use it, by their rows.
    package let claimRows: Int64
    package let isSuspect: Bool
    /// Whether its location is condemned at the same time.
    package let isDoomed: Bool
}

/// A blob of a project and what it is compared with.
package struct CheckedProjectBlob: Sendable {
    package let project: ProjectID
    package let projectName: String
    package let digest: Digest
    /// How many repositories of the project link it, as counted beside.
    package let links: Int64
    /// How many repositories of the project link it, by their rows.
    package let linkRows: Int64
}

/// Names a manifest, for reading it later.
package struct ManifestKey: Sendable {
    package let repository: RepositoryID
    package let repositoryName: String
    package let digest: Digest
    /// In bytes.
    package let size: Int64
}

/// A manifest with the references that its rows hold.
package struct CheckedManifest: Sendable {
    package let mediaType: String
    package let subject: Digest?
    package let isIndex: Bool
    /// The size its row states, in bytes.
    package let size: Int64
    package let bytes: [UInt8]
    package let blobs: Set<Digest>
    package let children: Set<Digest>
}

extension MetadataTransaction {
    /// A page of blobs in order of their digests.
    package func blobsToCheck(after last: Digest?, limit: Int) throws -> [CheckedBlob] {
        try sql.rows(
            """
            SELECT b.digest, b.size, b.location, b.claims, b.suspect,
                (SELECT COUNT(*) FROM project_blobs p WHERE p.digest = b.digest),
                CASE WHEN EXISTS (SELECT 1 FROM doomed d WHERE d.location = b.location) THEN 1 ELSE 0 END
            FROM blobs b WHERE b.digest > \(last?.description ?? "") ORDER BY b.digest LIMIT \(limit)
            """
        ).map {
            CheckedBlob(
                digest: try $0.digest(0), size: $0.integer(1), location: $0.text(2), claims: $0.integer(3),
                claimRows: $0.integer(5), isSuspect: $0.flag(4), isDoomed: $0.flag(6))
        }
    }

    /// Whether a location is still the one of a blob.
    package func isLocation(_ location: String, of digest: Digest) throws -> Bool {
        try !sql.rows("SELECT 1 FROM blobs WHERE digest = \(digest) AND location = \(location)").isEmpty
    }

    /// A page of the projects' blobs in order of project and digest.
    package func projectBlobsToCheck(after last: CheckedProjectBlob?, limit: Int) throws -> [CheckedProjectBlob] {
        try sql.rows(
            """
            SELECT b.project_id, COALESCE(p.name, b.project_id), b.digest, b.links,
                (SELECT COUNT(*) FROM links l WHERE l.project_id = b.project_id AND l.digest = b.digest)
            FROM project_blobs b LEFT JOIN projects p ON p.id = b.project_id
            WHERE (b.project_id, b.digest) > (\(last?.project.rawValue ?? ""), \(last?.digest.description ?? ""))
            ORDER BY b.project_id, b.digest LIMIT \(limit)
            """
        ).map {
            CheckedProjectBlob(
                project: ProjectID(rawValue: $0.text(0)), projectName: $0.text(1), digest: try $0.digest(2),
                links: $0.integer(3), linkRows: $0.integer(4))
        }
    }

    /// A page of manifests in order of repository and digest, without their bytes.
    package func manifestsToCheck(after last: ManifestKey?, limit: Int) throws -> [ManifestKey] {
        try sql.rows(
            """
            SELECT m.repository_id, COALESCE(r.name, m.repository_id), m.digest, m.size
            FROM manifests m LEFT JOIN repositories r ON r.id = m.repository_id
            WHERE (m.repository_id, m.digest) > (\(last?.repository.rawValue ?? ""), \(last?.digest.description ?? ""))
            ORDER BY m.repository_id, m.digest LIMIT \(limit)
            """
        ).map {
            ManifestKey(
                repository: RepositoryID(rawValue: $0.text(0)), repositoryName: $0.text(1), digest: try $0.digest(2),
                size: $0.integer(3))
        }
    }

    /// A manifest with its references; nil when it went meanwhile.
    package func manifestToCheck(_ key: ManifestKey) throws -> CheckedManifest? {
        let found = try sql.rows(
            """
            SELECT media_type, subject, kind, size, bytes FROM manifests
            WHERE repository_id = \(key.repository) AND digest = \(key.digest)
            """)
        guard let row = found.first else { return nil }
        let blobs = try sql.rows(
            "SELECT m.blob FROM manifest_blobs m WHERE m.repository_id = \(key.repository) AND m.manifest = \(key.digest)"
        )
        let children = try sql.rows(
            "SELECT child FROM manifest_children WHERE repository_id = \(key.repository) AND parent = \(key.digest)")
        return CheckedManifest(
            mediaType: row.text(0), subject: try row.optionalDigest(1), isIndex: row.flag(2), size: row.integer(3),
            bytes: row.blob(4), blobs: Set(try blobs.map { try $0.digest(0) }),
            children: Set(try children.map { try $0.digest(0) }))
    }
}
