// SPDX-License-Identifier: Apache-2.0

package import OCI
import SQLStorage

/// What decides the rights of an account in a project: one row of each, read together.
package struct ProjectPart: Sendable {
    package let project: ProjectID
    package let isPublic: Bool
    /// Harbor's number of the account's role in the project; nil for none.
    package let role: Int?
}

extension MetadataTransaction {
    /// The live project of this name and the account's role in it, in one statement; nil when there is no such project.
    package func part(of user: UserID?, in project: ProjectName) throws -> ProjectPart? {
        try sql.rows(
            """
            SELECT p.id, p.is_public, m.role FROM projects p
            LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = \(user?.rawValue ?? "")
            WHERE p.name_key = \(project) AND p.deleted_at IS NULL
            """
        ).first.map { row in
            ProjectPart(
                project: ProjectID(rawValue: row.text(0)), isPublic: row.flag(1),
                role: row.optionalInteger(2).map(Int.init))
        }
    }

    /// Gives an account a role in a project, in place of the one it has; nil takes it away.
    ///
    /// - Parameter role: Harbor's number of the role.
    package func setRole(_ role: Int?, of user: UserID, in project: ProjectID) throws {
        try sql.run("DELETE FROM project_members WHERE project_id = \(project) AND user_id = \(user)")
        guard let role else { return }
        try sql.run(
            "INSERT INTO project_members (project_id, user_id, role) VALUES (\(project), \(user), \(role))")
    }

    /// The accounts that have a role in a project, by name.
    package func members(of project: ProjectID) throws -> [(name: String, role: Int)] {
        try sql.rows(
            """
            SELECT u.name, m.role FROM project_members m JOIN users u ON u.id = m.user_id
            WHERE m.project_id = \(project) ORDER BY u.name_key
            """
        ).map { ($0.text(0), Int($0.integer(1))) }
    }
}
