// SPDX-License-Identifier: Apache-2.0
package import Access
import Cache
import Events
import Metadata
import NIOCore
package import OCI
import SQLStorage

/// A manifest as a client pushes it.
package struct ManifestPush: Sendable {
    /// The bytes, exactly as they came.
    package let bytes: [UInt8]
    /// The request's `Content-Type`, if it had one.
    package let contentType: String?
    /// The tag or digest it is pushed under.
    package let reference: Reference
    /// More tags for the same manifest: distribution-spec, "Pushing Manifests", the `tag` parameter.
    package let tags: [Tag]

    /// Makes the request; `tags` come besides the one in the reference.
    package init(bytes: [UInt8], contentType: String?, reference: Reference, tags: [Tag] = []) {
        self.bytes = bytes
        self.contentType = contentType
        self.reference = reference
        self.tags = tags
    }
}

/// What a push of a manifest made true.
package struct PushedManifest: Sendable {
    /// The manifest, in the algorithm the client named it by.
    package let digest: Digest
    /// Its subject, which tells the client that referrers are listed here.
    package let subject: Digest?
    /// The tags that point to it now by this request.
    package let tags: [Tag]
}

extension RegistryService {
    /// Stores a manifest: distribution-spec, "Pushing Manifests".
    ///
    /// Bytes are kept as they are. References must be there already, in this repository; tags move by compare-and-set; all of it
    /// is one transaction, and a repeat of the same push changes nothing and succeeds.
    ///
    /// - Throws: ``RegistryError/manifestInvalid(_:)``, ``RegistryError/digestMismatch(expected:actual:)``,
    ///   ``RegistryError/referencesMissing(blobs:manifests:)``, ``RegistryError/tagImmutable(_:)``,
    ///   ``RegistryError/quotaExceeded(used:limit:wanted:)``.
    package func putManifest(_ push: ManifestPush, _ permit: Permit<Push>) async throws -> PushedManifest {
        let manifest = try newManifest(push)
        let tags = requestedTags(push)
        let operation = UploadID.random().rawValue
        let request = ManifestTransaction(
            manifest: manifest, tags: tags, operation: operation, permit: permit, lease: policy.times.lease,
            rules: rules)
        try await translating {
            // A push that changed nothing posts nothing; run again it changes nothing either.
            try await metadata.write(.push, unknown: .by { try $0.isPosted(operation) }) { try request.run($0) }
        }
        let bytes = ByteBuffer(bytes: push.bytes)
        caches.contents.insert(bytes, for: manifest.digest, cost: max(1, push.bytes.count))
        share(push.bytes, as: manifest.digest)
        let stored = StoredManifest(digest: manifest.digest, mediaType: manifest.mediaType, bytes: bytes)
        for reference in tags.map(Reference.tag) + [.digest(manifest.digest)] {
            lastKnown.note(
                stored,
                for: PullCaches.ManifestKey(
                    project: permit.project, repository: permit.repository, reference: reference))
        }
        return PushedManifest(digest: manifest.digest, subject: manifest.parsed.subject?.digest, tags: tags)
    }

    private func newManifest(_ push: ManifestPush) throws -> NewManifest {
        let parsed: Manifest
        do {
            parsed = try Manifest(parsing: push.bytes, contentType: push.contentType)
        } catch {
            throw RegistryError.manifestInvalid(error)
        }
        let digest: Digest
        switch push.reference {
        case .tag: digest = .sha256(of: push.bytes)
        case .digest(let named):
            digest = Digest.of(push.bytes, named.algorithm)
            guard digest == named else { throw RegistryError.digestMismatch(expected: named, actual: digest) }
        }
        return NewManifest(
            digest: digest, mediaType: parsed.mediaType, bytes: push.bytes, parsed: parsed,
            annotations: parsed.annotationsJSON)
    }

    private func requestedTags(_ push: ManifestPush) -> [Tag] {
        var tags = push.tags
        if case .tag(let tag) = push.reference { tags.insert(tag, at: 0) }
        var seen = Set<Tag>()
        return tags.filter { seen.insert($0).inserted }
    }
}

extension Manifest {
    /// The annotations as the text of a JSON object, as the referrers list repeats them.
    fileprivate var annotationsJSON: String {
        var json = JSONWriter()
        annotations.write(to: &json)
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

/// The transaction of a manifest push, as a value: it may run more than once.
private struct ManifestTransaction: Sendable {
    let manifest: NewManifest
    let tags: [Tag]
    let operation: String
    let permit: Permit<Push>
    let lease: Int64
    let rules: [any TagRule]

    func run(_ transaction: MetadataTransaction) throws {
        let repository = try transaction.ensureRepository(permit.repository, in: permit.project)
        let references = try leaseReferences(transaction, repository)
        let isNew = try transaction.storeManifest(
            manifest, in: repository, of: permit.project, blobs: references.blobs, children: references.children,
            lease: lease)
        var events = EventRecorder(operation: operation, caller: permit.caller.name, in: transaction)
        for tag in tags.sorted() { try move(tag, in: repository, transaction, &events) }
        if isNew, tags.isEmpty {
            try events.record(.pushed(permit.repository, manifest.digest, tag: nil, version: 1))
        }
    }

    /// What a manifest references, as rows of this repository.
    private struct References {
        var blobs: [Digest] = []
        var children: [Digest] = []
        var missingBlobs: [Digest] = []
        var missingManifests: [Digest] = []
    }

    /// Renews the leases of everything the manifest names; what is missing is told all at once.
    ///
    /// The entries of an index are manifests by rule, but build caches list blobs there: what is linked is referenced.
    private func leaseReferences(
        _ transaction: MetadataTransaction, _ repository: RepositoryID
    ) throws -> References {
        var references = References()
        let children = manifest.parsed.children
        for digest in Set(children.map(\.digest)).sorted()
        where try transaction.leaseManifest(digest, in: repository, lease: lease) {
            references.children.append(digest)
        }
        let stored = Set(references.children)
        let others = children.filter { !stored.contains($0.digest) }
        references.missingManifests = Set(others.filter(\.isManifest).map(\.digest)).sorted()

        let blobs = manifest.parsed.blobs + others.filter { !$0.isManifest }
        let foreign = Set(blobs.filter(\.isForeign).map(\.digest))
        for digest in Set(blobs.map(\.digest)).sorted() {
            if let blob = try transaction.linkedBlob(digest, in: repository), !blob.isSuspect {
                // A client that pulls takes as many bytes as the manifest says; a wrong number would break every pull.
                for named in blobs where named.digest == digest && named.size != blob.size {
                    throw RegistryError.wrongSize(digest, stated: named.size, actual: blob.size)
                }
                try transaction.lean(blob, in: repository, lease: lease)
                references.blobs.append(digest)
            } else if !foreign.contains(digest) {
                references.missingBlobs.append(digest)
            }
        }
        guard references.missingBlobs.isEmpty, references.missingManifests.isEmpty else {
            throw RegistryError.referencesMissing(
                blobs: references.missingBlobs, manifests: references.missingManifests)
        }
        return references
    }

    private func move(
        _ tag: Tag, in repository: RepositoryID, _ transaction: MetadataTransaction, _ events: inout EventRecorder
    ) throws {
        let seen = try transaction.tag(tag, in: repository)
        if seen?.digest == manifest.digest { return }
        let move = TagMove(
            project: permit.project, repository: permit.repository, tag: tag, from: seen?.digest, to: manifest.digest)
        for rule in rules { try rule.check(move, transaction) }
        let version = try transaction.move(
            tag, in: repository, from: seen, to: manifest.digest,
            TagChange(by: permit.caller.name, operation: operation))
        if let old = seen?.digest {
            try transaction.addCandidate(
                .manifest, repository: repository, project: permit.project, digest: old, after: 0)
        }
        try events.record(.pushed(permit.repository, manifest.digest, tag: tag, version: version))
    }
}
