// SPDX-License-Identifier: Apache-2.0

import SQLStorage

extension MetadataTransaction {
    /// The number of a scope (`access`, `settings`, `project:<id>`); 0 before the first change.
    package func epoch(_ scope: String) throws -> Int64 {
        try sql.rows("SELECT n FROM epochs WHERE scope = \(scope)").first?.integer(0) ?? 0
    }

    /// Says that what belongs to `scope` changed, in the transaction that changes it: copies made before are void on
    /// every node.
    package func advanceEpoch(_ scope: String) throws {
        try sql.run("INSERT INTO epochs (scope, n) VALUES (\(scope), 0) \(dialect.keepExisting("scope"))")
        try sql.run("UPDATE epochs SET n = n + 1 WHERE scope = \(scope)")
    }
}
