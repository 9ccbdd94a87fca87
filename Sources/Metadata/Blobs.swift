// SPDX-License-Identifier: Apache-2.0
package import OCI
import SQLStorage

/// A blob as one repository sees it through its link.
package struct LinkedBlob: Sendable {
    /// The blob.
    package let digest: Digest
    /// Its size in bytes.
    package let size: Int64
    /// Where the copy that counts lies in the store.
    package let location: String
    /// Until when the link stays without being referenced, in microseconds since 1970.
    package let leasedUntil: Int64
    /// The link's version, raised by each change.
    package let version: Int64
    /// Whether the store failed to find the bytes; to clients such a blob is absent until it is pushed again.
    package let isSuspect: Bool
    /// Whether it was read before the database went out of reach, so that it may have changed since.
    package var isStale = false
}

extension MetadataTransaction {
    /// The blob of a digest as a repository may read it, or nil when the repository has no link to it.
    package func linkedBlob(_ digest: Digest, in repository: RepositoryID) throws -> LinkedBlob? {
        try sql.rows(
            """
            SELECT b.size, b.location, l.leased_until, l.version, b.suspect
            FROM links l JOIN blobs b ON b.digest = l.digest
            WHERE l.repository_id = \(repository) AND l.digest = \(digest)
            """
        ).first.map {
            LinkedBlob(
                digest: digest, size: $0.integer(0), location: $0.text(1), leasedUntil: $0.integer(2),
                version: $0.integer(3), isSuspect: $0.integer(4) != 0)
        }
    }

    /// Makes a stored copy the blob of its digest and links it into a repository; see ``recordBlob(_:size:location:)`` and
    /// ``link(_:size:into:of:lease:)``.
    ///
    /// - Throws: ``MetadataError/raced(_:)`` when the collector removed the blob's row after it was found;
    ///   ``MetadataError/quotaExceeded(used:limit:wanted:)``.
    package func storeBlob(
        _ digest: Digest, size: Int64, location: String, into repository: RepositoryID, of project: ProjectID,
        lease: Int64
    ) throws {
        try recordBlob(digest, size: size, location: location)
        do {
            try link(digest, size: size, into: repository, of: project, lease: lease)
        } catch MetadataError.blobGone {
            throw MetadataError.raced("blob \(digest)")
        }
    }

    /// Makes a stored copy the blob of its digest, or, when there is one already, gives the copy up.
    ///
    /// A row whose bytes were missing takes the new copy: pushing again heals.
    package func recordBlob(_ digest: Digest, size: Int64, location: String) throws {
        let made = try sql.run(
            """
            INSERT INTO blobs (digest, size, location, claims, suspect, created_at)
            VALUES (\(digest), \(size), \(location), 0, 0, \(dialect.now)) \(dialect.keepExisting("digest"))
            """)
        if made == 1 { return }
        let healed = try heal(digest, size: size, with: location)
        if !healed { try doom(location, bytes: size, after: 0) }
    }

    private func heal(_ digest: Digest, size: Int64, with location: String) throws -> Bool {
        let lost = try sql.rows("SELECT location FROM blobs WHERE digest = \(digest) AND suspect = 1")
        guard let old = lost.first?.text(0) else { return false }
        let changed = try sql.run(
            """
            UPDATE blobs SET location = \(location), suspect = 0
            WHERE digest = \(digest) AND location = \(old) AND suspect = 1
            """)
        guard changed == 1 else { throw MetadataError.raced("blob \(digest)") }
        try doom(old, bytes: size, after: 0)
        return true
    }

    /// Notes that the store does not find the bytes of a blob.
    package func suspectBlob(_ digest: Digest, at location: String) throws {
        try sql.run("UPDATE blobs SET suspect = 1 WHERE digest = \(digest) AND location = \(location) AND suspect = 0")
    }

    /// Links a blob into a repository and leases it, charging the project when the blob is new to it.
    ///
    /// A link that exists already is only leased anew.
    ///
    /// - Parameter lease: How long the link stays without being referenced, in microseconds.
    /// - Throws: ``MetadataError/blobGone(_:)``, ``MetadataError/quotaExceeded(used:limit:wanted:)``.
    package func link(
        _ digest: Digest, size: Int64, into repository: RepositoryID, of project: ProjectID, lease: Int64
    ) throws {
        if let existing = try linkedBlob(digest, in: repository) {
            return try lean(existing, in: repository, lease: lease)
        }
        let counted = try sql.run(
            "UPDATE project_blobs SET links = links + 1 WHERE project_id = \(project) AND digest = \(digest)")
        if counted == 0 { try claim(digest, size: size, for: project) }
        try sql.run(
            """
            INSERT INTO links (repository_id, digest, project_id, leased_until, version)
            VALUES (\(repository), \(digest), \(project), \(dialect.now) + \(lease), 1)
            """)
        try addCandidate(.link, repository: repository, project: project, digest: digest, after: lease)
    }

    private func claim(_ digest: Digest, size: Int64, for project: ProjectID) throws {
        let claimed = try sql.run("UPDATE blobs SET claims = claims + 1 WHERE digest = \(digest)")
        guard claimed == 1 else { throw MetadataError.blobGone(digest) }
        try sql.run(
            "INSERT INTO project_blobs (project_id, digest, links, size) VALUES (\(project), \(digest), 1, \(size))")
        try charge(project, bytes: size)
    }

    /// Renews the lease of a link when half of it is gone; the rest of the time it writes nothing.
    ///
    /// - Throws: ``MetadataError/raced(_:)`` when the link was changed or removed meanwhile.
    package func lean(_ blob: LinkedBlob, in repository: RepositoryID, lease: Int64) throws {
        let changed = try sql.run(
            """
            UPDATE links SET leased_until = \(dialect.now) + \(lease), version = version + 1
            WHERE repository_id = \(repository) AND digest = \(blob.digest) AND version = \(blob.version)
            AND leased_until < \(dialect.now) + \(lease / 2)
            """)
        if changed == 1 { return }
        // The clock has gone on since the statement above: what was just fresh there is fresh here.
        let second: Int64 = 1_000_000
        let fresh = try sql.rows(
            """
            SELECT 1 FROM links WHERE repository_id = \(repository) AND digest = \(blob.digest)
            AND leased_until >= \(dialect.now) + \(lease / 2 - second)
            """)
        if fresh.isEmpty { throw MetadataError.raced("link \(blob.digest)") }
    }

    /// Removes a link that no manifest of the repository references, and gives back what only it held.
    ///
    /// - Returns: Whether the link was removed; false when it is absent or referenced.
    package func unlink(_ digest: Digest, from repository: RepositoryID, of project: ProjectID) throws -> Bool {
        let removed = try sql.run(
            """
            DELETE FROM links WHERE repository_id = \(repository) AND digest = \(digest)
            AND NOT EXISTS (SELECT 1 FROM manifest_blobs m WHERE m.repository_id = \(repository) AND m.blob = \(digest))
            """)
        guard removed == 1 else { return false }
        try releaseLink(digest, of: project)
        return true
    }

    /// Gives back one link's share of a blob after the link's row was deleted in this transaction.
    package func releaseLink(_ digest: Digest, of project: ProjectID) throws {
        try sql.run("UPDATE project_blobs SET links = links - 1 WHERE project_id = \(project) AND digest = \(digest)")
        let rows = try sql.rows(
            "SELECT size FROM project_blobs WHERE project_id = \(project) AND digest = \(digest) AND links = 0")
        guard let size = rows.first?.integer(0) else { return }
        try sql.run("DELETE FROM project_blobs WHERE project_id = \(project) AND digest = \(digest) AND links = 0")
        try sql.run("UPDATE blobs SET claims = claims - 1 WHERE digest = \(digest)")
        try credit(project, bytes: size)
        try addCandidate(.blob, repository: nil, project: nil, digest: digest, after: 0)
    }
}
