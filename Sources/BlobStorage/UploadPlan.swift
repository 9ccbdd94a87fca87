// SPDX-License-Identifier: Apache-2.0

package import OCI

/// One immutable piece of an upload, durable in the store and, once its row is committed, part of the upload.
package struct UploadPart: Hashable, Sendable, Codable {
    /// The number reserved for it; part of its name, so no two writers ever share an object.
    package var number: Int
    /// Where its first byte stands in the upload.
    package var start: Int64
    /// How many of its bytes count. A store may hold more; what lies beyond is ignored.
    package var length: Int64
    /// What the driver calls it: an object's location, or a part number inside a multipart upload.
    package var name: String
    /// What the store answered for it (an ETag, a block id) or how it was left; only the driver reads it.
    package var etag: String

    /// The offset behind its last byte.
    package var end: Int64 { start + length }

    package init(number: Int, start: Int64, length: Int64, name: String, etag: String = "") {
        self.number = number
        self.start = start
        self.length = length
        self.name = name
        self.etag = etag
    }
}

/// What is published of one upload: all that a driver needs to go on with it, in this process or in another.
package struct UploadPlan: Hashable, Sendable, Codable {
    /// The prefix of every name of this upload, from ``BlobStore/newBase()``.
    package var base: String
    /// The published parts in order, without gaps, from offset 0.
    package var parts: [UploadPart]
    /// The driver's own state as small JSON (a multipart id, a session); empty for drivers without.
    package var driver: String

    package init(base: String, parts: [UploadPart] = [], driver: String = "") {
        self.base = base
        self.parts = parts
        self.driver = driver
    }

    /// The offset behind the last published byte, which is the size of the upload so far.
    package var end: Int64 { parts.last?.end ?? 0 }

    /// Takes a published part into the list and gives back the parts it replaces.
    ///
    /// A part replaces its own earlier, shorter self, and every part that begins at or after its start: a store with
    /// a smallest part size keeps a short tail as an object of its own and reads it back as the head of the next
    /// part. Names that are replaced and differ from the new one are garbage as soon as the row is committed.
    @discardableResult
    package mutating func publish(_ part: UploadPart, driver: String) -> [UploadPart] {
        let first = parts.firstIndex { $0.start >= part.start || $0.number == part.number } ?? parts.endIndex
        let replaced = Array(parts[first...])
        parts.replaceSubrange(first..., with: [part])
        self.driver = driver
        return replaced
    }
}

/// A finished copy of a blob: durable, complete, ready to be named by a row.
package struct AssembledBlob: Hashable, Sendable {
    package var location: BlobLocation
    package var size: Int64
    /// The digest of the stored bytes as they were read back; nil when nobody asked for it.
    package var digest: Digest?
    /// Other objects of the upload that the blob consists of: they are deleted with it, by the driver, and never alone.
    package var members: [BlobLocation]

    package init(location: BlobLocation, size: Int64, digest: Digest?, members: [BlobLocation] = []) {
        self.location = location
        self.size = size
        self.digest = digest
        self.members = members
    }
}
