// SPDX-License-Identifier: Apache-2.0
package import Metadata

/// How far an upload has come.
package struct UploadStatus: Sendable {
    /// The upload.
    package let id: UploadID
    /// How many bytes from the start are durable.
    package let offset: Int64

    /// The value of the `Range` header that tells it: distribution-spec, "Pushing a blob in chunks".
    package var range: String { "0-\(max(0, offset - 1))" }
}

/// The part of a blob a chunk says it is, as its `Content-Range` has it.
package struct ChunkRange: Sendable, Equatable {
    /// The first byte's position.
    package let first: Int64
    /// The last byte's position, inclusive.
    package let last: Int64

    /// Makes the range, or nil when it ends before it begins.
    package init?(first: Int64, last: Int64) {
        guard first >= 0, last >= first, last < Int64.max else { return nil }
        self.first = first
        self.last = last
    }

    /// How many bytes it spans.
    package var length: Int64 { last - first + 1 }
}
