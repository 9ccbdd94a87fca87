// SPDX-License-Identifier: Apache-2.0

import SQLStorage

extension MetadataTransaction {
    /// The patterns of a project's immutable tags. Read in the transaction that moves or removes a tag.
    package func immutablePatterns(of project: ProjectID) throws -> [String] {
        try sql.rows("SELECT pattern FROM immutable_rules WHERE project_id = \(project) ORDER BY pattern").map {
            $0.text(0)
        }
    }

    /// Makes exactly `patterns` the project's immutable tags.
    package func setImmutablePatterns(_ patterns: [String], of project: ProjectID) throws {
        try sql.run("DELETE FROM immutable_rules WHERE project_id = \(project)")
        for pattern in patterns {
            try sql.run(
                """
                INSERT INTO immutable_rules (id, project_id, pattern)
                VALUES (\(RowID.random()), \(project), \(pattern))
                """)
        }
    }
}
