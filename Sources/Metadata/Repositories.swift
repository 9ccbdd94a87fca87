// SPDX-License-Identifier: Apache-2.0
package import OCI
import SQLStorage

/// A repository as a page of the catalog shows it.
package struct RepositorySummary: Sendable {
    /// The repository's identity.
    package let id: RepositoryID
    /// Its full name, project included.
    package let name: String
}

extension MetadataTransaction {
    /// The live repository of a name within a live project, or nil.
    ///
    /// The project is named by its identity: a project made again under the same name is another one, and finds nothing here.
    package func repository(_ name: RepositoryName, in project: ProjectID) throws -> RepositoryID? {
        try sql.rows(
            """
            SELECT r.id FROM repositories r JOIN projects p ON p.id = r.project_id
            WHERE r.project_id = \(project) AND r.name_key = \(name) AND r.deleted_at IS NULL AND p.deleted_at IS NULL
            """
        ).first.map { RepositoryID(rawValue: $0.text(0)) }
    }

    /// The live repository of a name, made when absent.
    ///
    /// - Throws: ``MetadataError/projectGone`` when the project was deleted since the caller was authorized.
    package func ensureRepository(_ name: RepositoryName, in project: ProjectID) throws -> RepositoryID {
        if let found = try repository(name, in: project) { return found }
        let live = try sql.rows("SELECT 1 FROM projects WHERE id = \(project) AND deleted_at IS NULL")
        guard !live.isEmpty else { throw MetadataError.projectGone }
        let made = RepositoryID.random()
        try sql.run(
            """
            INSERT INTO repositories (id, project_id, name, name_key, created_at)
            VALUES (\(made), \(project), \(name), \(name), \(dialect.now)) \(dialect.keepExisting("id"))
            """)
        guard let id = try repository(name, in: project) else { throw MetadataError.raced("repository \(name)") }
        return id
    }

    /// The first live repositories of public projects, by project and name, with when each was made.
    package func publicRepositories(limit: Int) throws -> [(name: String, createdAt: Int64)] {
        try sql.rows(
            """
            SELECT r.name_key, r.created_at FROM projects p JOIN repositories r ON r.project_id = p.id
            WHERE p.is_public = 1 AND p.deleted_at IS NULL AND r.deleted_at IS NULL
            ORDER BY p.name_key, r.name_key LIMIT \(limit)
            """
        ).map { ($0.text(0), $0.integer(1)) }
    }

    /// A page of the repositories that hold something, in order of their names.
    ///
    /// - Parameters:
    ///   - project: Only this project's, or nil for all.
    ///   - last: The name the page begins after, or nil for the first page.
    ///   - limit: The most rows to return.
    package func repositories(
        in project: ProjectID? = nil, after last: String? = nil, limit: Int
    ) throws -> [RepositorySummary] {
        let scope: SQLFragment = project.map { "AND r.project_id = \($0)" } ?? ""
        return try sql.rows(
            """
            SELECT r.id, r.name_key FROM repositories r
            WHERE r.name_key > \(last ?? "") AND r.deleted_at IS NULL \(scope)
            AND EXISTS (SELECT 1 FROM manifests m WHERE m.repository_id = r.id)
            ORDER BY r.name_key LIMIT \(limit)
            """
        ).map { RepositorySummary(id: RepositoryID(rawValue: $0.text(0)), name: $0.text(1)) }
    }
}
