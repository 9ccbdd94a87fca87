// SPDX-License-Identifier: Apache-2.0
package import OCI
import SQLStorage

/// The row of an upload: what is published of it, and who may write next.
package struct UploadRow: Sendable {
    /// Where an upload stands.
    package enum State: String, Sendable { case open, committing, done, failed }

    /// The upload's identity, unguessable.
    package let id: UploadID
    /// Where the upload stands.
    package let state: State
    /// How many bytes are published, in bytes from the blob's start.
    package let offset: Int64
    /// The lowest part number nobody has reserved yet.
    package let nextPart: Int
    /// The counter every change of hands raises; a writer whose number is older has lost the upload.
    package let fence: Int64
    /// The name prefix of everything this upload stores.
    package let base: String
    /// The store driver's own notes.
    package let driver: String
    /// The digest it became, once done.
    package let digest: Digest?
}

/// One published part of an upload, as its row has it.
package struct UploadPartRow: Sendable, Equatable {
    /// The part's number; numbers rise but may have gaps.
    package let number: Int
    /// Where its first byte lies in the blob.
    package let start: Int64
    /// Its published length in bytes.
    package let length: Int64
    /// The object's name in the store.
    package let name: String
    /// What the store calls this version of the object.
    package let etag: String

    /// Makes the row of a part; see the properties for units.
    package init(number: Int, start: Int64, length: Int64, name: String, etag: String) {
        self.number = number
        self.start = start
        self.length = length
        self.name = name
        self.etag = etag
    }
}

/// Who may see an upload: its id alone is no authority.
package struct UploadOwner: Sendable, Equatable {
    /// The upload.
    package let id: UploadID
    /// The repository it was begun in.
    package let repository: RepositoryID
    /// The stable key of the caller who began it.
    package let caller: String

    /// Names an upload together with the two things it is bound to.
    package init(id: UploadID, repository: RepositoryID, caller: String) {
        self.id = id
        self.repository = repository
        self.caller = caller
    }
}

extension MetadataTransaction {
    /// Begins an upload that the calling process holds: fence 1, part 1 reserved.
    ///
    /// - Parameters:
    ///   - holder: The id of this process.
    ///   - life: How long the upload waits for its next byte, in microseconds.
    package func beginUpload(
        _ owner: UploadOwner, in project: ProjectID, base: String, holder: String, life: Int64
    ) throws {
        try sql.run(
            """
            INSERT INTO uploads (id, repository_id, project_id, caller, state, offset_bytes, next_part, fence, holder,
                                 holder_until, created_at, expires_at, base, driver)
            VALUES (\(owner.id), \(owner.repository), \(project), \(owner.caller), 'open', 0, 2, 1, \(holder),
                    \(dialect.now) + \(Int64.seconds(30)), \(dialect.now), \(dialect.now) + \(life), \(base), '')
            """)
    }

    /// The upload, for its own caller in its own repository only; nil for anybody and anything else.
    package func upload(_ owner: UploadOwner) throws -> UploadRow? {
        try sql.rows(
            """
            SELECT state, offset_bytes, next_part, fence, base, driver, digest FROM uploads
            WHERE id = \(owner.id) AND repository_id = \(owner.repository) AND caller = \(owner.caller)
            AND (state = 'done' OR expires_at > \(dialect.now))
            """
        ).first.flatMap { row in
            guard let state = UploadRow.State(rawValue: row.text(0)) else {
                throw MetadataError.damaged("upload state")
            }
            return UploadRow(
                id: owner.id, state: state, offset: row.integer(1), nextPart: Int(row.integer(2)),
                fence: row.integer(3),
                base: row.text(4), driver: row.text(5), digest: try row.optionalDigest(6))
        }
    }

    /// The published parts of an upload, in order.
    package func uploadParts(_ id: UploadID) throws -> [UploadPartRow] {
        try sql.rows("SELECT part, start, length, name, etag FROM upload_parts WHERE upload_id = \(id) ORDER BY part")
            .map {
                UploadPartRow(
                    number: Int($0.integer(0)), start: $0.integer(1), length: $0.integer(2), name: $0.text(3),
                    etag: $0.text(4))
            }
    }

    /// Takes the upload over for one writer and reserves the next part number for it.
    ///
    /// - Returns: The new fence and the reserved number, or nil when somebody was faster: read the row again.
    package func acquireUpload(
        _ seen: UploadRow, holder: String, to state: UploadRow.State = .open, life: Int64
    ) throws -> (fence: Int64, part: Int)? {
        let changed = try sql.run(
            """
            UPDATE uploads SET fence = fence + 1, holder = \(holder), holder_until = \(dialect.now) + \(Int64.seconds(30)),
                next_part = next_part + 1, state = \(state.rawValue), expires_at = \(dialect.now) + \(life)
            WHERE id = \(seen.id) AND fence = \(seen.fence) AND state = \(seen.state.rawValue)
            AND offset_bytes = \(seen.offset)
            """)
        return changed == 1 ? (seen.fence + 1, seen.nextPart) : nil
    }

    /// Publishes a part that is durable in the store: from now on its bytes count as received.
    ///
    /// A part that begins before the published end brings the bytes of the parts it begins at or before, and replaces them.
    ///
    /// - Parameters:
    ///   - fence: The writer's number.
    ///   - from: The published offset before, in bytes.
    ///   - reservingNext: Whether the writer takes the next part number in the same step.
    /// - Returns: Whether the writer still held the upload; when not, nothing changed.
    package func publish(
        _ part: UploadPartRow, of id: UploadID, fence: Int64, from: Int64, driver: String, life: Int64,
        reservingNext: Bool = false
    ) throws -> Bool {
        let end = part.start + part.length
        let changed = try sql.run(
            """
            UPDATE uploads SET offset_bytes = \(end), holder_until = \(dialect.now) + \(Int64.seconds(30)),
                expires_at = \(dialect.now) + \(life), driver = \(driver),
                next_part = next_part + \(Int64(reservingNext ? 1 : 0))
            WHERE id = \(id) AND fence = \(fence) AND state = 'open' AND offset_bytes = \(from)
            """)
        guard changed == 1 else { return false }
        if part.start < from {
            try sql.run(
                """
                DELETE FROM upload_parts
                WHERE upload_id = \(id) AND start >= \(part.start) AND part <> \(part.number)
                """)
        }
        let grown = try sql.run(
            """
            UPDATE upload_parts SET length = \(part.length), etag = \(part.etag)
            WHERE upload_id = \(id) AND part = \(part.number)
            """)
        if grown == 0 {
            try sql.run(
                """
                INSERT INTO upload_parts (upload_id, part, start, length, name, etag)
                VALUES (\(id), \(part.number), \(part.start), \(part.length), \(part.name), \(part.etag))
                """)
        }
        return true
    }

    /// Takes the next part number for the writer who holds the upload.
    ///
    /// - Returns: Whether the writer still held it; when not, nothing changed.
    package func reservePart(of id: UploadID, fence: Int64, life: Int64) throws -> Bool {
        let changed = try sql.run(
            """
            UPDATE uploads SET next_part = next_part + 1, holder_until = \(dialect.now) + \(Int64.seconds(30)),
                expires_at = \(dialect.now) + \(life)
            WHERE id = \(id) AND fence = \(fence) AND state = 'open'
            """)
        return changed == 1
    }

    /// Ends an upload as the blob of a digest. The row stays a while, so that a repeated request hears the same answer.
    ///
    /// - Returns: Whether the writer still held the upload; when not, nothing changed.
    package func finishUpload(_ id: UploadID, as digest: Digest, size: Int64, fence: Int64) throws -> Bool {
        let changed = try sql.run(
            """
            UPDATE uploads SET state = 'done', digest = \(digest), offset_bytes = \(size), fence = fence + 1,
                expires_at = \(dialect.now) + \(Int64.hours(1))
            WHERE id = \(id) AND fence = \(fence) AND state IN ('open', 'committing')
            """)
        return changed == 1
    }

    /// Gives an upload up; the collector removes what it stored.
    ///
    /// - Parameter fence: The writer's number, or nil when the client cancels whoever writes.
    /// - Returns: Whether there was an unfinished upload to give up.
    package func failUpload(_ id: UploadID, fence: Int64? = nil) throws -> Bool {
        let held: SQLFragment = fence.map { "AND fence = \($0)" } ?? ""
        let changed = try sql.run(
            """
            UPDATE uploads SET state = 'failed', fence = fence + 1, expires_at = \(dialect.now)
            WHERE id = \(id) AND state IN ('open', 'committing') \(held)
            """)
        return changed == 1
    }
}
