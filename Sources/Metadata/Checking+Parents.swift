// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// A table whose rows refer to rows of others, by the foreign keys of the schema.
package struct ParentRule: Sendable {
    /// The table of the rows that refer.
    package let table: String
    /// Its primary key.
    let key: [String]
    /// The conditions under which a row `c` has all its parents.
    let parents: [String]

    private init(_ table: String, key: String..., parents: String...) {
        self.table = table
        self.key = key
        self.parents = parents
    }

    /// Every foreign key of the schema. Databases hold them; a damaged or hand-edited one may not.
    package static let all: [ParentRule] = [
        ParentRule(
            "project_members", key: "project_id", "user_id", parents: "projects p WHERE p.id = c.project_id",
            "users p WHERE p.id = c.user_id"),
        ParentRule("immutable_rules", key: "id", parents: "projects p WHERE p.id = c.project_id"),
        ParentRule("repositories", key: "id", parents: "projects p WHERE p.id = c.project_id"),
        ParentRule("project_usage", key: "project_id", "slot", parents: "projects p WHERE p.id = c.project_id"),
        ParentRule("uploads", key: "id", parents: "repositories p WHERE p.id = c.repository_id"),
        ParentRule("upload_parts", key: "upload_id", "part", parents: "uploads p WHERE p.id = c.upload_id"),
        ParentRule(
            "project_blobs", key: "project_id", "digest", parents: "projects p WHERE p.id = c.project_id",
            "blobs p WHERE p.digest = c.digest"),
        ParentRule(
            "links", key: "repository_id", "digest", parents: "repositories p WHERE p.id = c.repository_id",
            "project_blobs p WHERE p.project_id = c.project_id AND p.digest = c.digest"),
        ParentRule("manifests", key: "repository_id", "digest", parents: "repositories p WHERE p.id = c.repository_id"),
        ParentRule(
            "manifest_blobs", key: "repository_id", "manifest", "blob",
            parents: "manifests p WHERE p.repository_id = c.repository_id AND p.digest = c.manifest",
            "links p WHERE p.repository_id = c.repository_id AND p.digest = c.blob"),
        ParentRule(
            "manifest_children", key: "repository_id", "parent", "child",
            parents: "manifests p WHERE p.repository_id = c.repository_id AND p.digest = c.parent",
            "manifests p WHERE p.repository_id = c.repository_id AND p.digest = c.child"),
        ParentRule(
            "tags", key: "repository_id", "name",
            parents: "manifests p WHERE p.repository_id = c.repository_id AND p.digest = c.digest"),
        ParentRule(
            "tag_history", key: "repository_id", "name", "version",
            parents: "repositories p WHERE p.id = c.repository_id"),
    ]
}

/// A page of rows whose parents were looked for.
package struct ParentPage: Sendable {
    /// How many rows were looked at.
    package let count: Int
    /// The keys, in words, of those that lack a parent.
    package let orphans: [String]
    /// The key the next page begins after; nil when this was the last page.
    package let last: [SQLValue]?
}

extension MetadataTransaction {
    /// Looks for the parents of a page of a table's rows.
    package func rowsWithoutParent(_ rule: ParentRule, after last: [SQLValue]?, limit: Int) throws -> ParentPage {
        let columns = SQLFragment(raw: rule.key.map { "c.\($0)" }.joined(separator: ", "))
        let complete = SQLFragment(
            raw: rule.parents.map { "EXISTS (SELECT 1 FROM \($0))" }.joined(separator: " AND "))
        let page: SQLFragment = last.map { "WHERE (\(columns)) > (\(.list($0)))" } ?? ""
        let rows = try sql.rows(
            """
            SELECT CASE WHEN \(complete) THEN 1 ELSE 0 END, \(columns) FROM \(SQLFragment(raw: rule.table)) c \(page)
            ORDER BY \(columns) LIMIT \(limit)
            """)
        let orphans = rows.filter { !$0.flag(0) }.map { row in
            zip(rule.key, row.values.dropFirst()).map { "\($0) \($1.words)" }.joined(separator: ", ")
        }
        return ParentPage(
            count: rows.count, orphans: orphans,
            last: rows.count < limit ? nil : rows.last.map { Array($0.values.dropFirst()) })
    }
}

extension SQLValue {
    fileprivate var words: String {
        switch self {
        case .text(let text): text
        case .integer(let number): "\(number)"
        case .null: "none"
        case .blob(let bytes): "of \(bytes.count) bytes"
        }
    }
}
