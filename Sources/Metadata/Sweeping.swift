// SPDX-License-Identifier: Apache-2.0

package import OCI
import SQLStorage

/// Something that nothing references, found by a walk over all rows.
package struct Unreferenced: Sendable, Equatable {
    package let kind: CandidateKind
    package let repository: RepositoryID?
    package let project: ProjectID?
    package let digest: Digest
}

extension MetadataTransaction {
    /// Links that nothing references and whose lease is over, in the order of their keys.
    ///
    /// - Parameters:
    ///   - last: The key the page begins after.
    ///   - limit: The most links to look at, referenced or not.
    /// - Returns: What was found, and the last key that was looked at; nil when the page was the last one.
    package func unreferencedLinks(
        after last: (RepositoryID, Digest)?, spread: Int64, limit: Int
    ) throws -> (found: [Unreferenced], last: (RepositoryID, Digest)?) {
        let rows = try sql.rows(
            """
            SELECT repository_id, digest, project_id,
                CASE WHEN leased_until <= \(dialect.now) - \(spread) AND NOT EXISTS (SELECT 1 FROM manifest_blobs m
                    WHERE m.repository_id = links.repository_id AND m.blob = links.digest) THEN 1 ELSE 0 END
            FROM links WHERE \(Self.after(last)) ORDER BY repository_id, digest LIMIT \(limit)
            """)
        return try page(rows, .link, limit)
    }

    /// Manifests without a tag, a parent or a present subject and whose lease is over, in the order of their keys.
    package func unreferencedManifests(
        after last: (RepositoryID, Digest)?, spread: Int64, limit: Int
    ) throws -> (found: [Unreferenced], last: (RepositoryID, Digest)?) {
        let rows = try sql.rows(
            """
            SELECT repository_id, digest, (SELECT project_id FROM repositories r WHERE r.id = repository_id),
                CASE WHEN leased_until <= \(dialect.now) - \(spread)
                    AND NOT EXISTS (SELECT 1 FROM tags t
                        WHERE t.repository_id = manifests.repository_id AND t.digest = manifests.digest)
                    AND NOT EXISTS (SELECT 1 FROM manifest_children c
                        WHERE c.repository_id = manifests.repository_id AND c.child = manifests.digest)
                    AND NOT EXISTS (SELECT 1 FROM manifests s
                        WHERE s.repository_id = manifests.repository_id AND s.digest = manifests.subject)
                    THEN 1 ELSE 0 END
            FROM manifests WHERE \(Self.after(last)) ORDER BY repository_id, digest LIMIT \(limit)
            """)
        return try page(rows, .manifest, limit)
    }

    /// Blobs that no project claims, in the order of their digests.
    package func unclaimedBlobs(
        after last: Digest?, limit: Int
    ) throws -> (found: [Unreferenced], last: Digest?) {
        let rows = try sql.rows(
            """
            SELECT digest, CASE WHEN EXISTS (SELECT 1 FROM project_blobs p WHERE p.digest = blobs.digest) THEN 0 ELSE 1 END
            FROM blobs WHERE digest > \(last?.description ?? "") ORDER BY digest LIMIT \(limit)
            """)
        let found = try rows.filter { $0.flag(1) }.map {
            Unreferenced(kind: .blob, repository: nil, project: nil, digest: try $0.digest(0))
        }
        return (found, rows.count < limit ? nil : try rows.last?.digest(0))
    }

    private static func after(_ last: (RepositoryID, Digest)?) -> SQLFragment {
        guard let (repository, digest) = last else { return "1 = 1" }
        return "(repository_id > \(repository) OR (repository_id = \(repository) AND digest > \(digest)))"
    }

    private func page(
        _ rows: [SQLRow], _ kind: CandidateKind, _ limit: Int
    ) throws -> (found: [Unreferenced], last: (RepositoryID, Digest)?) {
        let found = try rows.filter { $0.flag(3) }.map {
            Unreferenced(
                kind: kind, repository: RepositoryID(rawValue: $0.text(0)), project: ProjectID(rawValue: $0.text(2)),
                digest: try $0.digest(1))
        }
        guard rows.count == limit, let last = rows.last else { return (found, nil) }
        return (found, (RepositoryID(rawValue: last.text(0)), try last.digest(1)))
    }
}

extension MetadataTransaction {
    /// Which of these locations no row knows: neither a blob, nor a condemned object, nor an upload.
    ///
    /// - Parameter reserved: The names that an upload may have made, from its prefix, the highest number it reserved,
    ///   and the driver's notes.
    package func unknown(
        _ locations: [String], reserved: (_ base: String, _ last: Int, _ driver: String) -> [String]
    ) throws -> Set<String> {
        var unknown = Set(locations)
        let names = SQLFragment.list(locations)
        for row in try sql.rows("SELECT location FROM blobs WHERE location IN (\(names))") {
            unknown.remove(row.text(0))
        }
        for row in try sql.rows("SELECT location FROM doomed WHERE location IN (\(names))") {
            unknown.remove(row.text(0))
        }
        if unknown.isEmpty { return [] }
        for row in try sql.rows("SELECT base, next_part, driver FROM uploads") {
            unknown.subtract(reserved(row.text(0), Int(row.integer(1)) - 1, row.text(2)))
        }
        return unknown
    }
}
