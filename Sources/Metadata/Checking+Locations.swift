// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// An upload that is neither done nor collected: its names are reserved.
package struct UnfinishedUpload: Sendable {
    package let id: UploadID
    /// The prefix of its names.
    package let base: String
    /// Numbers below this one are reserved.
    package let nextPart: Int
    package let driver: String
    /// Bytes published.
    package let offset: Int64
    /// Whether it only waits for the collector.
    package let isOver: Bool
}

extension MetadataTransaction {
    /// A page of unfinished uploads in order of their ids.
    package func unfinishedUploads(after last: UploadID?, limit: Int) throws -> [UnfinishedUpload] {
        try sql.rows(
            """
            SELECT id, base, next_part, driver, offset_bytes,
                CASE WHEN state = 'failed' OR expires_at <= \(dialect.now) THEN 1 ELSE 0 END
            FROM uploads WHERE id > \(last?.rawValue ?? "") AND state <> 'done' ORDER BY id LIMIT \(limit)
            """
        ).map {
            UnfinishedUpload(
                id: UploadID(rawValue: $0.text(0)), base: $0.text(1), nextPart: Int($0.integer(2)), driver: $0.text(3),
                offset: $0.integer(4), isOver: $0.flag(5))
        }
    }

    /// Whether an upload is still open and has this part.
    package func isPart(_ part: UploadPartRow, of upload: UploadID) throws -> Bool {
        try !sql.rows(
            """
            SELECT 1 FROM upload_parts p JOIN uploads u ON u.id = p.upload_id
            WHERE p.upload_id = \(upload) AND p.part = \(part.number) AND p.name = \(part.name)
            AND u.state IN ('open', 'committing') AND u.expires_at > \(dialect.now)
            """
        ).isEmpty
    }

    /// Which of some locations a blob has or are condemned.
    ///
    /// - Returns: What names each, in words; a location that nothing names is absent.
    package func names(of locations: [String]) throws -> [String: String] {
        var names: [String: String] = [:]
        for location in locations {
            if let row = try sql.rows("SELECT digest FROM blobs WHERE location = \(location)").first {
                names[location] = "blob \(row.text(0))"
            } else if try !sql.rows("SELECT 1 FROM doomed WHERE location = \(location)").isEmpty {
                names[location] = "condemned objects"
            }
        }
        return names
    }
}
