// SPDX-License-Identifier: Apache-2.0
import SQLStorage

/// One thing that happened, as its row in the outbox has it.
package struct OutboxRow: Sendable {
    /// The request that did it; with `index` the row's key, so a repeated transaction writes it once.
    package let operation: String
    /// Its place among the events of the request.
    package let index: Int
    /// What it happened to; deliveries keep the order within one subject.
    package let subject: String
    /// The subject's own version after it.
    package let subjectVersion: Int64
    /// What happened.
    package let kind: String
    /// The details, as the text of a JSON object.
    package let payload: String

    /// Makes the row value; see the properties.
    package init(
        operation: String, index: Int, subject: String, subjectVersion: Int64, kind: String, payload: String
    ) {
        self.operation = operation
        self.index = index
        self.subject = subject
        self.subjectVersion = subjectVersion
        self.kind = kind
        self.payload = payload
    }
}

extension MetadataTransaction {
    /// Writes an event in the transaction of what it tells of.
    package func post(_ row: OutboxRow) throws {
        try sql.run(
            """
            INSERT INTO outbox (op_id, n, subject, subject_version, kind, payload, created_at, due_at, fence)
            VALUES (\(row.operation), \(row.index), \(row.subject), \(row.subjectVersion), \(row.kind), \(row.payload),
                    \(dialect.now), \(dialect.now), 0)
            """)
    }

    /// Whether a request's transaction was committed although its answer was lost.
    package func isPosted(_ operation: String) throws -> Bool {
        try !sql.rows("SELECT 1 FROM outbox WHERE op_id = \(operation) AND n = 0").isEmpty
    }
}

extension MetadataTransaction {
    /// Removes events that were delivered long enough ago; until then they answer whether a request was committed.
    ///
    /// - Parameters:
    ///   - span: How long a delivered event is kept, in microseconds.
    ///   - limit: The most rows to remove.
    /// - Returns: How many were removed.
    package func purgeOutbox(deliveredBefore span: Int64, limit: Int) throws -> Int {
        let rows = try sql.rows(
            """
            SELECT op_id, n FROM outbox WHERE done_at IS NOT NULL AND done_at < \(dialect.now) - \(span)
            ORDER BY done_at LIMIT \(limit)
            """)
        for row in rows {
            try sql.run("DELETE FROM outbox WHERE op_id = \(row.text(0)) AND n = \(row.integer(1))")
        }
        return rows.count
    }
}
