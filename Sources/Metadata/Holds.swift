// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// Keeps the collector from deleting bytes while somebody copies them. It ends by itself when it is not renewed.
package struct Hold: Sendable {
    /// Its row in `leases`; the collector heeds all names that begin with `hold`.
    let name: String

    /// A new hold, not yet placed.
    package static func new() -> Hold {
        Hold(name: "hold.\(RowID.random())")
    }
}

extension MetadataTransaction {
    /// Places a hold and removes those that ended long ago.
    ///
    /// - Parameter life: How long it lasts unless renewed, in microseconds.
    package func place(_ hold: Hold, life: Int64) throws {
        try sql.run(
            "DELETE FROM leases WHERE name >= 'hold' AND name < 'hole' AND until_at < \(dialect.now) - \(Int64.hours(24))"
        )
        try sql.run(
            """
            INSERT INTO leases (name, holder, fence, until_at)
            VALUES (\(hold.name), 'hold', 1, \(dialect.now) + \(life))
            """)
    }

    /// Renews a hold.
    ///
    /// - Returns: Whether it held without a gap; when not, what it protected may be gone.
    package func renew(_ hold: Hold, life: Int64) throws -> Bool {
        try sql.run(
            """
            UPDATE leases SET until_at = \(dialect.now) + \(life), fence = fence + 1
            WHERE name = \(hold.name) AND until_at > \(dialect.now)
            """) == 1
    }

    /// Ends a hold.
    package func release(_ hold: Hold) throws {
        try sql.run("DELETE FROM leases WHERE name = \(hold.name)")
    }
}
