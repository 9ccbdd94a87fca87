// SPDX-License-Identifier: Apache-2.0
import SQLStorage

/// What a project uses and may use.
package struct ProjectUsage: Sendable, Equatable {
    /// Bytes charged: distinct blobs linked in the project, plus its manifests.
    package let used: Int64
    /// The most bytes it may use, or nil without a limit.
    package let limit: Int64?
}

extension MetadataTransaction {
    /// The slot of a node: always the same for one name, and seldom the same for two.
    package static func slot(ofNode name: String) -> Int64 {
        // FNV-1a: Swift's own hash differs from process to process.
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return Int64((hash ^ hash >> 32) % UInt64(usageSlots))
    }

    /// Charges bytes to a project, exactly: the sum of all slots never exceeds the limit at any commit.
    ///
    /// - Throws: ``MetadataError/quotaExceeded(used:limit:wanted:)`` when the bytes do not fit.
    package func charge(_ project: ProjectID, bytes: Int64) throws {
        if try chargeSlot(project, bytes: bytes) { return }
        try holdSlot(project)
        try gatherAllowance(project, bytes: bytes)
        guard try chargeSlot(project, bytes: bytes) else { throw MetadataError.raced("usage of \(project.rawValue)") }
    }

    private func chargeSlot(_ project: ProjectID, bytes: Int64) throws -> Bool {
        try sql.run(
            """
            UPDATE project_usage SET used = used + \(bytes), version = version + 1
            WHERE project_id = \(project) AND slot = \(slot) AND (allowance IS NULL OR used + \(bytes) <= allowance)
            """) == 1
    }

    /// Lets the pushes of this node queue up here, one after the other, instead of losing races for the other slots.
    private func holdSlot(_ project: ProjectID) throws {
        try sql.run(
            "UPDATE project_usage SET version = version + 1 WHERE project_id = \(project) AND slot = \(slot)")
    }

    /// Moves allowance from the other slots to this one until the bytes fit.
    private func gatherAllowance(_ project: ProjectID, bytes: Int64) throws {
        let slots = try sql.rows(
            "SELECT slot, used, allowance FROM project_usage WHERE project_id = \(project) ORDER BY slot")
        guard let mine = slots.first(where: { $0.integer(0) == slot }) else { throw MetadataError.projectGone }
        let used = slots.reduce(0) { $0 + $1.integer(1) }
        let limit = slots.reduce(0) { $0 + ($1.optionalInteger(2) ?? 0) }
        guard limit - used >= bytes else {
            throw MetadataError.quotaExceeded(used: used, limit: limit, wanted: bytes)
        }
        var missing = bytes - ((mine.optionalInteger(2) ?? 0) - mine.integer(1))
        for donor in slots where donor.integer(0) != slot && missing > 0 {
            let spare = (donor.optionalInteger(2) ?? 0) - donor.integer(1)
            let moved = min(spare, missing)
            guard moved > 0 else { continue }
            try moveAllowance(moved, from: donor.integer(0), of: project)
            missing -= moved
        }
    }

    private func moveAllowance(_ bytes: Int64, from donor: Int64, of project: ProjectID) throws {
        let taken = try sql.run(
            """
            UPDATE project_usage SET allowance = allowance - \(bytes), version = version + 1
            WHERE project_id = \(project) AND slot = \(donor) AND allowance - used >= \(bytes)
            """)
        guard taken == 1 else { throw MetadataError.raced("usage of \(project.rawValue)") }
        try sql.run(
            """
            UPDATE project_usage SET allowance = allowance + \(bytes), version = version + 1
            WHERE project_id = \(project) AND slot = \(slot)
            """)
    }

    /// Gives bytes back to a project; a slot may go below zero, the sum of all slots never does.
    package func credit(_ project: ProjectID, bytes: Int64) throws {
        try sql.run(
            """
            UPDATE project_usage SET used = used - \(bytes), version = version + 1
            WHERE project_id = \(project) AND slot = \(slot)
            """)
    }

    /// What a project uses and may use, in one statement.
    package func usage(of project: ProjectID) throws -> ProjectUsage {
        let sums = try sql.rows(
            "SELECT SUM(used), SUM(allowance), COUNT(allowance) FROM project_usage WHERE project_id = \(project)")
        guard let row = sums.first, let used = row.optionalInteger(0) else { return ProjectUsage(used: 0, limit: nil) }
        return ProjectUsage(used: used, limit: row.integer(2) == 0 ? nil : row.optionalInteger(1))
    }
}
