// SPDX-License-Identifier: Apache-2.0

package import OCI
import SQLStorage

/// One live project.
package struct ProjectRow: Sendable {
    package let id: ProjectID
    package let name: ProjectName
    /// Whether everybody may pull from it.
    package let isPublic: Bool
    /// Changes with every change of the row.
    package let version: Int64

    init(_ row: SQLRow) throws {
        guard let name = ProjectName(row.text(1)) else {
            throw MetadataError.damaged("the project \(row.text(0)) has a name that is none")
        }
        self.name = name
        id = ProjectID(rawValue: row.text(0))
        isPublic = row.flag(2)
        version = row.integer(3)
    }

    fileprivate static let columns: SQLFragment = "id, name, is_public, version"
}

extension MetadataTransaction {
    /// The live project of this name, or nil.
    package func project(named name: ProjectName) throws -> ProjectRow? {
        try sql.rows("SELECT \(ProjectRow.columns) FROM projects WHERE name_key = \(name) AND deleted_at IS NULL").first
            .map(ProjectRow.init)
    }

    /// Live projects in the order of their names.
    ///
    /// - Parameters:
    ///   - last: The name before the page's first; nil for the first page.
    ///   - limit: The most projects to give.
    package func projects(after last: ProjectName?, limit: Int) throws -> [ProjectRow] {
        try sql.rows(
            """
            SELECT \(ProjectRow.columns) FROM projects
            WHERE name_key > \(last?.description ?? "") AND deleted_at IS NULL ORDER BY name_key LIMIT \(limit)
            """
        ).map(ProjectRow.init)
    }

    /// Adds a project with the rows that count its bytes.
    ///
    /// - Parameter limit: The most bytes it may hold; nil for no limit.
    /// - Returns: Whether the name was free; nothing changes when it was not.
    package func addProject(_ id: ProjectID, name: ProjectName, isPublic: Bool, limit: Int64?) throws -> Bool {
        let added = try sql.run(
            """
            INSERT INTO projects (id, name, name_key, is_public, created_at, deleted_at, version)
            VALUES (\(id), \(name), \(name), \(isPublic), \(dialect.now), NULL, 1) \(dialect.keepExisting("id"))
            """)
        guard added == 1 else { return false }
        try addUsageSlots(of: id, limit: limit)
        return true
    }

    /// Opens a project to everybody's pulls, or closes it.
    package func setPublic(_ isPublic: Bool, project: ProjectRow) throws -> Bool {
        try sql.run(
            """
            UPDATE projects SET is_public = \(isPublic), version = version + 1
            WHERE id = \(project.id) AND version = \(project.version) AND deleted_at IS NULL
            """
        ) == 1
    }

    /// Makes a project unreachable and its name free; protocols, "Deletes". The caller has checked that it may go.
    package func retireProject(_ project: ProjectRow) throws -> Bool {
        try sql.run(
            """
            UPDATE projects SET deleted_at = \(dialect.now), name_key = id, version = version + 1
            WHERE id = \(project.id) AND version = \(project.version) AND deleted_at IS NULL
            """
        ) == 1
    }

    /// Whether a project holds a repository that is live.
    package func hasRepositories(_ project: ProjectID) throws -> Bool {
        try !sql.rows("SELECT 1 FROM repositories WHERE project_id = \(project) AND deleted_at IS NULL LIMIT 1").isEmpty
    }
}
