// SPDX-License-Identifier: Apache-2.0

package import OCI
import SQLStorage

/// What is remembered of a tag's moves, and the tag itself.
package struct CheckedTag: Sendable {
    package let repository: RepositoryID
    package let repositoryName: String
    package let name: String
    /// How many moves are remembered, and the versions of the first and the last of them.
    package let entries, firstVersion, lastVersion: Int64
    /// Where the last move pointed the tag; nil when it deleted the tag.
    package let lastDigest: Digest?
    /// The tag as it is; nil when there is none.
    package let current: TagRow?
}

/// A tag, and whether any move of it is remembered.
package struct RememberedTag: Sendable {
    package let repository: RepositoryID
    package let repositoryName: String
    package let name: String
    package let isRemembered: Bool
}

extension MetadataTransaction {
    /// A page of tags that were ever moved, in order of repository and name.
    package func tagsToCheck(after last: CheckedTag?, limit: Int) throws -> [CheckedTag] {
        try sql.rows(
            """
            SELECT g.repository_id, COALESCE(r.name, g.repository_id), g.name, g.entries, g.low, g.high, h.new,
                t.digest, t.version
            FROM (
                SELECT repository_id, name, COUNT(*) AS entries, MIN(version) AS low, MAX(version) AS high
                FROM tag_history
                WHERE (repository_id, name) > (\(last?.repository.rawValue ?? ""), \(last?.name ?? ""))
                GROUP BY repository_id, name ORDER BY repository_id, name LIMIT \(limit)
            ) g
            JOIN tag_history h ON h.repository_id = g.repository_id AND h.name = g.name AND h.version = g.high
            LEFT JOIN tags t ON t.repository_id = g.repository_id AND t.name = g.name
            LEFT JOIN repositories r ON r.id = g.repository_id
            ORDER BY g.repository_id, g.name
            """
        ).map { row in
            let current = try row.optionalDigest(7).map { TagRow(digest: $0, version: row.integer(8)) }
            return CheckedTag(
                repository: RepositoryID(rawValue: row.text(0)), repositoryName: row.text(1), name: row.text(2),
                entries: row.integer(3), firstVersion: row.integer(4), lastVersion: row.integer(5),
                lastDigest: try row.optionalDigest(6), current: current)
        }
    }

    /// A page of all tags, each with whether a move of it is remembered, in order of repository and name.
    package func tagsWithMemory(after last: RememberedTag?, limit: Int) throws -> [RememberedTag] {
        try sql.rows(
            """
            SELECT t.repository_id, COALESCE(r.name, t.repository_id), t.name,
                CASE WHEN EXISTS (SELECT 1 FROM tag_history h
                    WHERE h.repository_id = t.repository_id AND h.name = t.name) THEN 1 ELSE 0 END
            FROM tags t LEFT JOIN repositories r ON r.id = t.repository_id
            WHERE (t.repository_id, t.name) > (\(last?.repository.rawValue ?? ""), \(last?.name ?? ""))
            ORDER BY t.repository_id, t.name LIMIT \(limit)
            """
        ).map {
            RememberedTag(
                repository: RepositoryID(rawValue: $0.text(0)), repositoryName: $0.text(1), name: $0.text(2),
                isRemembered: $0.flag(3))
        }
    }
}
