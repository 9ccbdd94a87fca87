// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// An upload whose time is over.
package struct ExpiredUpload: Sendable {
    package let id: UploadID
    package let fence: Int64
    /// Whether it became a blob; what it did not become is doomed already.
    package let isDone: Bool
    /// The name prefix of everything it stored.
    package let base: String
    /// The store driver's own notes.
    package let driver: String
    /// The highest part number that was reserved.
    package let lastPart: Int
    /// The names of the published parts, with their sizes in bytes.
    package let published: [String: Int64]
}

extension MetadataTransaction {
    /// Uploads that ended or were left alone for too long.
    ///
    /// - Parameter end: Only those whose time was over at this moment, in microseconds since 1970.
    package func expiredUploads(until end: Int64, spread: Int64, limit: Int) throws -> [UploadID] {
        try sql.rows(
            """
            SELECT id FROM uploads WHERE expires_at <= \(end) - \(spread) ORDER BY expires_at LIMIT \(limit)
            """
        ).map { UploadID(rawValue: $0.text(0)) }
    }

    /// An upload with all it stored; nil when it is gone or was renewed.
    package func expiredUpload(_ id: UploadID, spread: Int64) throws -> ExpiredUpload? {
        let parts = try uploadParts(id)
        return try sql.rows(
            """
            SELECT fence, state, base, driver, next_part FROM uploads
            WHERE id = \(id) AND expires_at <= \(dialect.now) - \(spread)
            """
        ).first.map {
            ExpiredUpload(
                id: id, fence: $0.integer(0), isDone: $0.text(1) == UploadRow.State.done.rawValue, base: $0.text(2),
                driver: $0.text(3), lastPart: Int($0.integer(4)) - 1,
                published: Dictionary(parts.map { ($0.name, $0.length) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    /// Removes an upload's rows. A writer that publishes at the same moment wins or is fenced.
    ///
    /// - Throws: ``MetadataError/raced(_:)`` when the upload was changed since it was read.
    package func removeUpload(_ upload: ExpiredUpload, spread: Int64) throws {
        try sql.run("DELETE FROM upload_parts WHERE upload_id = \(upload.id)")
        let removed = try sql.run(
            """
            DELETE FROM uploads WHERE id = \(upload.id) AND fence = \(upload.fence)
            AND expires_at <= \(dialect.now) - \(spread)
            """)
        guard removed == 1 else { throw MetadataError.raced("upload \(upload.id)") }
    }
}
