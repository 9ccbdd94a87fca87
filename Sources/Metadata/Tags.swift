// SPDX-License-Identifier: Apache-2.0
package import OCI
import SQLStorage

/// Where a tag points, and how often it has moved.
package struct TagRow: Sendable, Equatable {
    /// The manifest it points to.
    package let digest: Digest
    /// Raised by each move; the tag's history has one entry for each.
    package let version: Int64
}

/// A tag as a list shows it.
package struct TagSummary: Sendable {
    /// The tag.
    package let name: String
    /// The manifest it points to.
    package let digest: Digest
    /// When it last moved, in microseconds since 1970.
    package let updatedAt: Int64
}

/// Who moved a tag, by which request.
package struct TagChange: Sendable {
    /// The caller's name, for history and audit.
    package let by: String
    /// The request's identity, made before its first attempt.
    package let operation: String

    /// Names the caller and the request.
    package init(by: String, operation: String) {
        self.by = by
        self.operation = operation
    }
}

extension MetadataTransaction {
    /// Where a tag points.
    package func tag(_ name: Tag, in repository: RepositoryID) throws -> TagRow? {
        try sql.rows("SELECT digest, version FROM tags WHERE repository_id = \(repository) AND name = \(name)").first
            .map {
                TagRow(digest: try $0.digest(0), version: $0.integer(1))
            }
    }

    /// Points a tag at a manifest by compare-and-set and writes the history entry of the move.
    ///
    /// - Parameter seen: The row as it was read in this transaction, or nil when there was none.
    /// - Returns: The tag's new version.
    /// - Throws: ``MetadataError/raced(_:)`` when another push was faster.
    package func move(
        _ name: Tag, in repository: RepositoryID, from seen: TagRow?, to digest: Digest, _ change: TagChange
    ) throws -> Int64 {
        let version: Int64
        if let seen {
            version = seen.version + 1
            let changed = try sql.run(
                """
                UPDATE tags SET digest = \(digest), version = version + 1, updated_at = \(dialect.now)
                WHERE repository_id = \(repository) AND name = \(name) AND version = \(seen.version)
                """)
            guard changed == 1 else { throw MetadataError.raced("tag \(name)") }
        } else {
            version = try lastVersion(of: name, in: repository) + 1
            let made = try sql.run(
                """
                INSERT INTO tags (repository_id, name, digest, version, updated_at)
                VALUES (\(repository), \(name), \(digest), \(version), \(dialect.now)) \(dialect.keepExisting("name"))
                """)
            guard made == 1 else { throw MetadataError.raced("tag \(name)") }
        }
        try remember(name, in: repository, version: version, old: seen?.digest, new: digest, change)
        return version
    }

    /// Deletes a tag by compare-and-set and writes the history entry of its end.
    ///
    /// - Returns: The version of that entry.
    package func delete(_ name: Tag, in repository: RepositoryID, seen: TagRow, _ change: TagChange) throws -> Int64 {
        let removed = try sql.run(
            "DELETE FROM tags WHERE repository_id = \(repository) AND name = \(name) AND version = \(seen.version)")
        guard removed == 1 else { throw MetadataError.raced("tag \(name)") }
        let version = seen.version + 1
        try remember(name, in: repository, version: version, old: seen.digest, new: nil, change)
        return version
    }

    private func lastVersion(of name: Tag, in repository: RepositoryID) throws -> Int64 {
        try sql.rows(
            "SELECT MAX(version) FROM tag_history WHERE repository_id = \(repository) AND name = \(name)"
        ).first?.optionalInteger(0) ?? 0
    }

    private func remember(
        _ name: Tag, in repository: RepositoryID, version: Int64, old: Digest?, new: Digest?, _ change: TagChange
    ) throws {
        try sql.run(
            """
            INSERT INTO tag_history (repository_id, name, version, old, new, by_name, at_time, op_id)
            VALUES (\(repository), \(name), \(version), \(old), \(new), \(change.by), \(dialect.now), \(change.operation))
            """)
    }

    /// The tags that point at a manifest.
    package func tags(of digest: Digest, in repository: RepositoryID) throws -> [(name: Tag, row: TagRow)] {
        try sql.rows(
            "SELECT name, version FROM tags WHERE repository_id = \(repository) AND digest = \(digest) ORDER BY name"
        ).map {
            guard let name = Tag($0.text(0)) else { throw MetadataError.damaged("tag \($0.text(0))") }
            return (name, TagRow(digest: digest, version: $0.integer(1)))
        }
    }

    /// A page of a repository's tags in byte order of their names.
    ///
    /// - Parameters:
    ///   - last: The name the page begins after; it need not exist.
    ///   - limit: The most names to return.
    package func tagNames(in repository: RepositoryID, after last: String, limit: Int) throws -> [String] {
        try sql.rows(
            """
            SELECT name FROM tags WHERE repository_id = \(repository) AND name > \(last) ORDER BY name LIMIT \(limit)
            """
        ).map { $0.text(0) }
    }

    /// The same page with digests and times, for people.
    package func tagSummaries(in repository: RepositoryID, after last: String, limit: Int) throws -> [TagSummary] {
        try sql.rows(
            """
            SELECT name, digest, updated_at FROM tags
            WHERE repository_id = \(repository) AND name > \(last) ORDER BY name LIMIT \(limit)
            """
        ).map { TagSummary(name: $0.text(0), digest: try $0.digest(1), updatedAt: $0.integer(2)) }
    }
}
