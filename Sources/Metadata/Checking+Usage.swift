// SPDX-License-Identifier: Apache-2.0

package import OCI
import SQLStorage

/// A project by identity and name.
package struct ProjectKey: Sendable {
    package let id: ProjectID
    package let name: String
}

/// What a project is charged with, and a number that every charge and credit raises.
package struct ChargedUsage: Sendable, Equatable {
    /// In bytes.
    package let used: Int64
    package let version: Int64
}

/// A part of a recount: go on after `last` until it is nil.
package struct RecountedPage<Key: Sendable>: Sendable {
    /// In bytes.
    package let bytes: Int64
    package let last: Key?
}

extension MetadataTransaction {
    /// A page of all projects, deleted ones included, in order of their ids.
    package func projectsToCheck(after last: ProjectKey?, limit: Int) throws -> [ProjectKey] {
        try sql.rows(
            "SELECT id, name FROM projects WHERE id > \(last?.id.rawValue ?? "") ORDER BY id LIMIT \(limit)"
        ).map { ProjectKey(id: ProjectID(rawValue: $0.text(0)), name: $0.text(1)) }
    }

    /// What a project is charged with now. While the version stands still, so does everything that is charged.
    package func chargedUsage(of project: ProjectID) throws -> ChargedUsage {
        let row = try sql.rows(
            "SELECT COALESCE(SUM(used), 0), COALESCE(SUM(version), 0) FROM project_usage WHERE project_id = \(project)")
        return ChargedUsage(used: row[0].integer(0), version: row[0].integer(1))
    }

    /// Adds up a page of a project's blobs.
    package func recountBlobs(
        of project: ProjectID, after last: Digest?, limit: Int
    ) throws -> RecountedPage<Digest> {
        let rows = try sql.rows(
            """
            SELECT digest, size FROM project_blobs
            WHERE project_id = \(project) AND digest > \(last?.description ?? "") ORDER BY digest LIMIT \(limit)
            """)
        return RecountedPage(
            bytes: rows.reduce(0) { $0 + $1.integer(1) }, last: rows.count < limit ? nil : try rows.last?.digest(0))
    }

    /// A page of a project's repositories, deleted ones included, in order of their ids.
    package func repositoriesToCheck(
        of project: ProjectID, after last: RepositoryID?, limit: Int
    ) throws -> [RepositoryID] {
        try sql.rows(
            """
            SELECT id FROM repositories WHERE project_id = \(project) AND id > \(last?.rawValue ?? "")
            ORDER BY id LIMIT \(limit)
            """
        ).map { RepositoryID(rawValue: $0.text(0)) }
    }

    /// Adds up a page of a repository's manifests.
    package func recountManifests(
        of repository: RepositoryID, after last: Digest?, limit: Int
    ) throws -> RecountedPage<Digest> {
        let rows = try sql.rows(
            """
            SELECT digest, size FROM manifests
            WHERE repository_id = \(repository) AND digest > \(last?.description ?? "") ORDER BY digest LIMIT \(limit)
            """)
        return RecountedPage(
            bytes: rows.reduce(0) { $0 + $1.integer(1) }, last: rows.count < limit ? nil : try rows.last?.digest(0))
    }
}
