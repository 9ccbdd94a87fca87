// SPDX-License-Identifier: Apache-2.0

package import OCI
import SQLStorage

/// Something the collector was asked to look at.
package struct Candidate: Sendable, Equatable {
    package let id: RowID
    package let kind: CandidateKind
    package let repository: RepositoryID?
    package let project: ProjectID?
    package let digest: Digest
    /// When it should be looked at, in microseconds since 1970.
    package let dueAt: Int64
}

/// A link as the collector sees it.
package struct CollectableLink: Sendable {
    package let project: ProjectID
    package let version: Int64
    /// In microseconds since 1970.
    package let leasedUntil: Int64
    package let isLeased: Bool
    /// Whether a manifest of its repository names it.
    package let isReferenced: Bool
}

/// A manifest as the collector sees it.
package struct CollectableManifest: Sendable {
    package let project: ProjectID
    package let repositoryName: String
    /// In microseconds since 1970.
    package let leasedUntil: Int64
    package let isLeased: Bool
    package let isTagged: Bool
    /// Whether an index of its repository names it.
    package let hasParent: Bool
    /// Whether it refers to a subject that its repository holds.
    package let hasSubject: Bool
}

/// A blob that nobody claims.
package struct UnclaimedBlob: Sendable {
    package let location: String
    /// In bytes.
    package let size: Int64
}

extension MetadataTransaction {
    /// Candidates whose time has come, oldest first.
    ///
    /// - Parameters:
    ///   - last: The candidate the page begins after.
    ///   - since: Only candidates due at this moment or later, in microseconds since 1970.
    ///   - end: Only candidates that were due at this moment; nil stands for now.
    ///   - spread: How far clocks may stand apart, in microseconds.
    ///   - limit: The most rows to return.
    package func dueCandidates(
        after last: Candidate? = nil, since: Int64 = 0, until end: Int64? = nil, spread: Int64, limit: Int
    ) throws -> [Candidate] {
        let page: SQLFragment =
            last.map { "AND (due_at > \($0.dueAt) OR (due_at = \($0.dueAt) AND id > \($0.id)))" } ?? ""
        let moment: SQLFragment = end.map { "\($0)" } ?? dialect.now
        return try sql.rows(
            """
            SELECT id, kind, repository_id, project_id, digest, due_at FROM gc_candidates
            WHERE due_at <= \(moment) - \(spread) AND due_at >= \(since) \(page) ORDER BY due_at, id LIMIT \(limit)
            """
        ).map { row in
            guard let kind = CandidateKind(rawValue: row.text(1)) else { throw MetadataError.damaged("candidate kind") }
            return Candidate(
                id: RowID(rawValue: row.text(0)), kind: kind,
                repository: row.optionalText(2).map { RepositoryID(rawValue: $0) },
                project: row.optionalText(3).map { ProjectID(rawValue: $0) }, digest: try row.digest(4),
                dueAt: row.integer(5))
        }
    }

    /// Forgets a candidate that was looked at. Others for the same thing stay.
    package func forget(_ candidate: Candidate) throws {
        try sql.run("DELETE FROM gc_candidates WHERE id = \(candidate.id)")
    }

    /// Looks at a candidate again later.
    ///
    /// - Parameter moment: Microseconds since 1970.
    package func postpone(_ candidate: Candidate, until moment: Int64) throws {
        try sql.run("UPDATE gc_candidates SET due_at = \(moment) WHERE id = \(candidate.id)")
    }
}

extension MetadataTransaction {
    /// The link of a blob in a repository; nil when there is none.
    package func collectableLink(
        _ digest: Digest, in repository: RepositoryID, spread: Int64
    ) throws -> CollectableLink? {
        try sql.rows(
            """
            SELECT project_id, version, leased_until,
                CASE WHEN leased_until > \(dialect.now) - \(spread) THEN 1 ELSE 0 END,
                CASE WHEN EXISTS (SELECT 1 FROM manifest_blobs m
                    WHERE m.repository_id = links.repository_id AND m.blob = links.digest) THEN 1 ELSE 0 END
            FROM links WHERE repository_id = \(repository) AND digest = \(digest)
            """
        ).first.map {
            CollectableLink(
                project: ProjectID(rawValue: $0.text(0)), version: $0.integer(1), leasedUntil: $0.integer(2),
                isLeased: $0.flag(3), isReferenced: $0.flag(4))
        }
    }

    /// Removes a link whose lease is over and which nothing references, and gives back what only it held.
    ///
    /// A renewed lease, a push that references it and this delete write or read the same row: one of them wins, never two.
    ///
    /// - Throws: ``MetadataError/raced(_:)`` when the link was changed since it was read.
    package func removeLink(
        _ link: CollectableLink, of digest: Digest, in repository: RepositoryID, spread: Int64
    ) throws {
        let removed = try sql.run(
            """
            DELETE FROM links WHERE repository_id = \(repository) AND digest = \(digest)
            AND version = \(link.version) AND leased_until <= \(dialect.now) - \(spread)
            AND NOT EXISTS (SELECT 1 FROM manifest_blobs m WHERE m.repository_id = \(repository) AND m.blob = \(digest))
            """)
        guard removed == 1 else { throw MetadataError.raced("link \(digest)") }
        try releaseLink(digest, of: link.project)
    }

    /// A manifest and what keeps it; nil when there is none.
    package func collectableManifest(
        _ digest: Digest, in repository: RepositoryID, spread: Int64
    ) throws -> CollectableManifest? {
        try sql.rows(
            """
            SELECT r.project_id, r.name, m.leased_until,
                CASE WHEN m.leased_until > \(dialect.now) - \(spread) THEN 1 ELSE 0 END,
                CASE WHEN EXISTS (SELECT 1 FROM tags t
                    WHERE t.repository_id = m.repository_id AND t.digest = m.digest) THEN 1 ELSE 0 END,
                CASE WHEN EXISTS (SELECT 1 FROM manifest_children c
                    WHERE c.repository_id = m.repository_id AND c.child = m.digest) THEN 1 ELSE 0 END,
                CASE WHEN EXISTS (SELECT 1 FROM manifests s
                    WHERE s.repository_id = m.repository_id AND s.digest = m.subject) THEN 1 ELSE 0 END
            FROM manifests m JOIN repositories r ON r.id = m.repository_id
            WHERE m.repository_id = \(repository) AND m.digest = \(digest)
            """
        ).first.map {
            CollectableManifest(
                project: ProjectID(rawValue: $0.text(0)), repositoryName: $0.text(1), leasedUntil: $0.integer(2),
                isLeased: $0.flag(3), isTagged: $0.flag(4), hasParent: $0.flag(5), hasSubject: $0.flag(6))
        }
    }

    /// The blob of a digest when no project claims it; nil when one does or there is none.
    package func unclaimedBlob(_ digest: Digest) throws -> UnclaimedBlob? {
        try sql.rows(
            """
            SELECT location, size FROM blobs b WHERE digest = \(digest) AND claims = 0
            AND NOT EXISTS (SELECT 1 FROM project_blobs p WHERE p.digest = b.digest)
            """
        ).first.map { UnclaimedBlob(location: $0.text(0), size: $0.integer(1)) }
    }

    /// Condemns a blob: from this commit on nobody can find it, and its bytes go once the span is over.
    ///
    /// - Parameter span: How long open downloads may still take, in microseconds.
    /// - Throws: ``MetadataError/raced(_:)`` when somebody claimed it since it was read.
    package func condemn(_ blob: UnclaimedBlob, of digest: Digest, after span: Int64) throws {
        let removed = try sql.run(
            """
            DELETE FROM blobs WHERE digest = \(digest) AND location = \(blob.location) AND claims = 0
            AND NOT EXISTS (SELECT 1 FROM project_blobs p WHERE p.digest = \(digest))
            """)
        guard removed == 1 else { throw MetadataError.raced("blob \(digest)") }
        try doom(blob.location, bytes: blob.size, after: span)
    }
}
