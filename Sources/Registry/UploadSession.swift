// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Metadata
import NIOCore
import OCI

/// What this process knows of an upload it holds: the open part, the running hash, the fence.
///
/// A session is a value and moves: it lies in ``ActiveUploads``, or one request has it, never both. It is a memory of rows,
/// not a truth: whether the upload is still held is decided by the fence when the next part is published.
struct UploadSession: Sendable {
    let owner: UploadOwner
    let project: ProjectID
    /// The number under which this session may write.
    let fence: Int64
    /// The part number reserved for this session last.
    private(set) var part: Int
    /// Whether a part of that number is sealed already; another needs another number.
    private(set) var isPartUsed = false
    /// What is published; the last part may be the one that is still growing.
    var plan: UploadPlan
    /// The published offset in bytes, as the row has it.
    var published: Int64
    /// The received offset in bytes.
    var received: Int64
    var writer: (any BlobPartWriter)?
    /// The running hash; nil when this process has not seen every byte.
    var hasher: DigestHasher?

    /// The session of an upload that was just begun or taken over.
    init(
        owner: UploadOwner, project: ProjectID, plan: UploadPlan, fence: Int64, part: Int,
        algorithm: Digest.Algorithm = .sha256
    ) {
        self.owner = owner
        self.project = project
        self.plan = plan
        self.fence = fence
        self.part = part
        self.published = plan.end
        self.received = plan.end
        self.hasher = plan.parts.isEmpty ? DigestHasher(algorithm) : nil
    }

    /// Takes bytes: hashed where they arrive, while they are in the processor's cache, then handed to the store.
    mutating func receive(_ bytes: ByteBuffer, into store: any BlobStore) async throws(BlobStorageError) {
        let count = bytes.readableBytes
        guard count > 0 else { return }
        bytes.withUnsafeReadableBytes { hasher?.update($0) }
        let writer = try await openWriter(store)
        try await writer.write(bytes)
        received += Int64(count)
    }

    /// Whether the store wants the open part sealed before it takes more.
    var isPartFilled: Bool { writer?.isFilled ?? false }

    /// Whether the next byte needs a number that is not reserved yet.
    var needsNumber: Bool { writer == nil && isPartUsed }

    /// Takes note that the next number was reserved.
    mutating func takeNumber() {
        part += 1
        isPartUsed = false
    }

    /// Takes note of a part that is durable and counted in the row.
    ///
    /// - Parameter sealed: Whether the part is over.
    mutating func count(_ counted: UploadPart, driver: String, sealed: Bool) {
        plan.publish(counted, driver: driver)
        published = plan.end
        guard sealed else { return }
        writer = nil
        isPartUsed = true
    }

    private mutating func openWriter(_ store: any BlobStore) async throws(BlobStorageError) -> any BlobPartWriter {
        if let writer { return writer }
        let opened = try await store.beginPart(part, of: plan, at: received)
        writer = opened
        return opened
    }

    /// Closes the open file; published bytes stay, unpublished ones are the collector's.
    func close() async { await writer?.abandon() }
}

extension UploadPart {
    var row: UploadPartRow { UploadPartRow(number: number, start: start, length: length, name: name, etag: etag) }

    init(_ row: UploadPartRow) {
        self.init(number: row.number, start: row.start, length: row.length, name: row.name, etag: row.etag)
    }
}
