// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// A stored object that waits for its deletion.
package struct DoomedRow: Sendable, Equatable {
    package let location: String
    /// How the store made the object, in the driver's words.
    package let kind: String
    /// What the driver needs to delete it.
    package let detail: String
    /// Its size in bytes, for reports; 0 when nobody knows.
    package let bytes: Int64
    /// In microseconds since 1970.
    package let dueAt: Int64
    /// How often deleting it failed; -1 when it must be deleted a second time later.
    package let tries: Int64
    /// Whether a blob row names it: a contradiction that must never be, and then it is not deleted.
    package let isLive: Bool
}

extension MetadataTransaction {
    /// Objects whose time has come, oldest first; none while a hold keeps them.
    ///
    /// - Parameters:
    ///   - last: The row the page begins after.
    ///   - end: Only what was due at this moment, in microseconds since 1970.
    ///   - limit: The most rows to return.
    package func dueDoomed(after last: DoomedRow? = nil, until end: Int64, limit: Int) throws -> [DoomedRow] {
        let page: SQLFragment =
            last.map { "AND (due_at > \($0.dueAt) OR (due_at = \($0.dueAt) AND location > \($0.location)))" } ?? ""
        return try sql.rows(
            """
            SELECT location, kind, detail, bytes, due_at, tries,
                CASE WHEN EXISTS (SELECT 1 FROM blobs b WHERE b.location = doomed.location) THEN 1 ELSE 0 END
            FROM doomed WHERE due_at <= \(end) \(page)
            AND NOT EXISTS (SELECT 1 FROM leases WHERE name >= 'hold' AND name < 'hole' AND until_at > \(dialect.now))
            ORDER BY due_at, location LIMIT \(limit)
            """
        ).map {
            DoomedRow(
                location: $0.text(0), kind: $0.text(1), detail: $0.text(2), bytes: $0.integer(3), dueAt: $0.integer(4),
                tries: $0.integer(5), isLive: $0.flag(6))
        }
    }

    /// Takes rows for one collector, so that the others leave them alone meanwhile.
    ///
    /// - Parameter span: When they are due again if that collector dies, in microseconds from now.
    /// - Returns: The rows that nobody else had taken.
    package func claim(_ rows: [DoomedRow], for span: Int64) throws -> [DoomedRow] {
        try rows.filter { row in
            try sql.run(
                """
                UPDATE doomed SET due_at = \(dialect.now) + \(span)
                WHERE location = \(row.location) AND due_at = \(row.dueAt)
                """) == 1
        }
    }

    /// Condemns a name that was reserved and may come to exist late: it is deleted twice, with a span between.
    package func doomTwice(_ location: String, kind: String, detail: String, after span: Int64) throws {
        try sql.run(
            """
            INSERT INTO doomed (location, kind, detail, bytes, due_at, tries)
            VALUES (\(location), \(kind), \(detail), 0, \(dialect.now) + \(span), -1) \(dialect.keepExisting("location"))
            """)
    }

    /// Takes note that an object is gone.
    ///
    /// - Parameter span: When a second look was wanted, how long until then, in microseconds.
    package func settle(_ row: DoomedRow, secondLookAfter span: Int64) throws {
        if row.tries < 0 {
            try sql.run(
                "UPDATE doomed SET tries = 0, due_at = \(dialect.now) + \(span) WHERE location = \(row.location)")
        } else {
            try sql.run("DELETE FROM doomed WHERE location = \(row.location)")
        }
    }

    /// Takes note that an object could not be deleted: tried again after a minute, then ever later, at most six hours.
    package func postpone(_ row: DoomedRow) throws {
        let pause = Int64.seconds(60) << min(max(row.tries, 0), 8)
        try sql.run(
            """
            UPDATE doomed SET due_at = \(dialect.now) + \(min(pause, .hours(6))),
                tries = CASE WHEN tries < 0 THEN tries ELSE tries + 1 END
            WHERE location = \(row.location)
            """)
    }
}
