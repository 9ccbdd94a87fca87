// SPDX-License-Identifier: Apache-2.0

import SQLStorage

extension MetadataTransaction {
    /// How many rows share the count of a project's bytes, so that nodes seldom write the same one.
    package static var usageSlots: Int64 { 16 }

    /// Makes the rows that count a new project's bytes. The allowances add up to the limit.
    func addUsageSlots(of project: ProjectID, limit: Int64?) throws {
        for slot in 0..<Self.usageSlots {
            let allowance = limit.map { Self.share(of: $0, slot: slot) }
            try sql.run(
                """
                INSERT INTO project_usage (project_id, slot, used, allowance, version)
                VALUES (\(project), \(slot), 0, \(allowance.sqlValue), 1)
                """)
        }
    }

    /// Sets how many bytes a project may hold; nil for no limit.
    ///
    /// Every row gets what it has used plus its share of what is left, so the allowances add up to the limit and all rows
    /// can go on. Below what is used already, shares are negative: nothing can be added until enough has gone.
    ///
    /// - Throws: ``MetadataError/raced(_:)`` when a row was charged meanwhile; the transaction is repeated.
    package func setLimit(_ limit: Int64?, of project: ProjectID) throws {
        let slots = try sql.rows(
            "SELECT slot, used, version FROM project_usage WHERE project_id = \(project) ORDER BY slot")
        let spare = limit.map { $0 - slots.reduce(0) { $0 + $1.integer(1) } }
        for row in slots {
            let allowance = spare.map { row.integer(1) + Self.share(of: $0, slot: row.integer(0)) }
            let changed = try sql.run(
                """
                UPDATE project_usage SET allowance = \(allowance.sqlValue), version = version + 1
                WHERE project_id = \(project) AND slot = \(row.integer(0)) AND version = \(row.integer(2))
                """)
            guard changed == 1 else { throw MetadataError.raced("the usage of a project changed") }
        }
    }

    /// The part of `amount` that slot number `slot` gets; the first takes what does not divide.
    private static func share(of amount: Int64, slot: Int64) -> Int64 {
        amount / Self.usageSlots + (slot == 0 ? amount % Self.usageSlots : 0)
    }
}
