// SPDX-License-Identifier: Apache-2.0
package import Access
package import BlobStorage
import Cache
import Logging
package import Metadata
import NIOCore
package import OCI
import SQLStorage

extension RegistryService {
    /// The live repository of a name, from memory while the database stands still.
    func repository(
        _ name: RepositoryName, in project: ProjectID, _ lane: SQLLane
    ) async throws -> RepositoryID? {
        let key = PullCaches.RepositoryKey(project: project, name: name)
        let stamp = metadata.changeStamp()
        if let stamp, let known = caches.repositories.value(for: key, stamp: stamp) { return known }
        let found = try await metadata.read(lane) { try $0.repository(name, in: project) }
        if let stamp, let found { caches.repositories.insert(found, for: key, stamp: stamp) }
        return found
    }

    /// A manifest this node has served before and that is still true, without waiting; nil says nothing.
    package func knownManifest(_ reference: Reference, _ permit: Permit<Pull>) -> StoredManifest? {
        guard let stamp = metadata.changeStamp() else { return nil }
        let key = PullCaches.ManifestKey(project: permit.project, repository: permit.repository, reference: reference)
        return caches.manifests.value(for: key, stamp: stamp)
    }

    /// The manifest of a tag or digest, with the bytes and the media type its client sent.
    ///
    /// While the database is out of reach, it is what this node last knew, and marked so.
    ///
    /// - Throws: ``RegistryError/nameUnknown(_:)``, ``RegistryError/manifestUnknown(_:)``.
    package func manifest(_ reference: Reference, _ permit: Permit<Pull>) async throws -> StoredManifest {
        let key = PullCaches.ManifestKey(project: permit.project, repository: permit.repository, reference: reference)
        let stamp = metadata.changeStamp()
        if let stamp, let known = caches.manifests.value(for: key, stamp: stamp) { return known }
        let manifest: StoredManifest
        do {
            manifest = try await read(key)
        } catch let error as SQLError where error.isOutage {
            if let known = lastKnown.manifest(key) { return known }
            manifest = try await metadata.whenBack(after: error) { try await read(key) }
        } catch let error as RegistryError {
            lastKnown.forget(key)
            throw error
        }
        if let stamp { caches.manifests.insert(manifest, for: key, stamp: stamp) }
        lastKnown.note(manifest, for: key)
        return manifest
    }

    private func read(_ key: PullCaches.ManifestKey) async throws -> StoredManifest {
        let manifest =
            caches.shared == nil
            ? try await readManifest(key) : try await findManifest(key.reference, of: key.repository, in: key.project)
        guard let manifest else { throw RegistryError.manifestUnknown(key.reference) }
        return manifest
    }

    /// Row and bytes in one statement.
    private func readManifest(_ key: PullCaches.ManifestKey) async throws -> StoredManifest? {
        let row = try await metadata.read(.pull) { transaction -> ManifestRow? in
            guard let repository = try transaction.repository(key.repository, in: key.project) else {
                throw RegistryError.nameUnknown(key.repository)
            }
            switch key.reference {
            case .tag(let tag): return try transaction.manifest(tag, in: repository)
            case .digest(let digest): return try transaction.manifest(digest, in: repository)
            }
        }
        return row.map { StoredManifest(digest: $0.digest, mediaType: $0.mediaType, bytes: content(of: $0)) }
    }

    /// One copy in memory of equal bytes, whichever repositories they are read through.
    private func content(of row: ManifestRow) -> ByteBuffer {
        if let known = caches.contents.value(for: row.digest) { return known }
        let bytes = ByteBuffer(bytes: row.bytes)
        caches.contents.insert(bytes, for: row.digest, cost: max(1, bytes.readableBytes))
        return bytes
    }

    /// A blob as a repository may read it.
    ///
    /// A caller who may push also renews the blob's lease: after the answer there is half a lease to reference it.
    ///
    /// While the database is out of reach, it is what this node last knew, and marked so.
    ///
    /// - Parameter renewing: Whether this is a pusher's question, HEAD, and not a download.
    /// - Throws: ``RegistryError/blobUnknown(_:)``, also when the store was found to have lost the bytes.
    package func blob(_ digest: Digest, _ permit: Permit<Pull>, renewing: Bool) async throws -> LinkedBlob {
        let isPusher = renewing && permit.mayPush
        if let known = knownBlob(digest, permit), !isPusher || !isHalfOver(known) { return known }
        let key = PullCaches.BlobKey(project: permit.project, repository: permit.repository, digest: digest)
        do {
            return try await freshBlob(key, renewing: renewing, isPusher: isPusher)
        } catch let error as SQLError where error.isOutage {
            // A pusher relies on the lease, which cannot be renewed now.
            if let known = lastKnown.link(key), !isPusher || !isHalfOver(known) { return known }
            return try await metadata.whenBack(after: error) {
                try await freshBlob(key, renewing: renewing, isPusher: isPusher)
            }
        }
    }

    private func freshBlob(_ key: PullCaches.BlobKey, renewing: Bool, isPusher: Bool) async throws -> LinkedBlob {
        let stamp = metadata.changeStamp()
        guard let repository = try await repository(key.repository, in: key.project, .pull) else {
            lastKnown.forget(key)
            throw RegistryError.nameUnknown(key.repository)
        }
        let found = try await metadata.read(.pull) { try $0.linkedBlob(key.digest, in: repository) }
        // Who downloads may find the bytes all the same; who asks before a push is told to bring them.
        guard let found, !found.isSuspect || !renewing else {
            lastKnown.forget(key)
            throw RegistryError.blobUnknown(key.digest)
        }
        if !found.isSuspect {
            if let stamp { caches.links.insert(found, for: key, stamp: stamp) }
            lastKnown.note(found, for: key)
        }
        if isPusher, isHalfOver(found) { try await renew(found, in: repository) }
        return found
    }

    /// A link this node has read before and that is still true, without waiting; nil says nothing.
    package func knownBlob(_ digest: Digest, _ permit: Permit<Pull>) -> LinkedBlob? {
        guard let stamp = metadata.changeStamp() else { return nil }
        let key = PullCaches.BlobKey(project: permit.project, repository: permit.repository, digest: digest)
        return caches.links.value(for: key, stamp: stamp)
    }

    /// Whether the clock here says that half of a lease is gone; the statement that renews asks the database's clock again.
    private func isHalfOver(_ blob: LinkedBlob) -> Bool {
        blob.leasedUntil < metadata.clock.microseconds + policy.times.lease / 2
    }

    private func renew(_ blob: LinkedBlob, in repository: RepositoryID) async throws {
        let lease = policy.times.lease
        try await metadata.write(.push) { transaction in
            guard let fresh = try transaction.linkedBlob(blob.digest, in: repository) else {
                throw RegistryError.blobUnknown(blob.digest)
            }
            try transaction.lean(fresh, in: repository, lease: lease)
        }
    }

    /// An address under which the store itself gives the blob's bytes to a client; nil when it does not, and for a blob
    /// whose bytes were missed before.
    package func redirect(to blob: LinkedBlob) async -> String? {
        blob.isSuspect ? nil : await blobs.redirect(to: BlobLocation(rawValue: blob.location))
    }

    /// Takes note that the stored bytes are not those of the blob: for pushers it is absent, and the next push heals.
    package func suspect(_ blob: LinkedBlob) async {
        logger.error("blob bytes differ from their digest", metadata: ["digest": "\(blob.digest)"])
        let (digest, location) = (blob.digest, blob.location)
        do {
            try await metadata.write(.push) { try $0.suspectBlob(digest, at: location) }
        } catch {
            logger.warning("blob not marked as damaged", metadata: ["digest": "\(digest)", "error": "\(error)"])
        }
    }

    /// Opens the bytes of a blob for reading.
    ///
    /// When the store does not find them, and not at a second look either, the blob is marked: from then on it is absent for
    /// pushers, and the next push of it heals.
    ///
    /// - Throws: ``RegistryError/blobUnknown(_:)`` when the bytes are missing.
    package func open(_ blob: LinkedBlob, _ permit: Permit<Pull>) async throws -> any BlobReader {
        do {
            return try await blobs.open(BlobLocation(rawValue: blob.location))
        } catch BlobStorageError.notFound {
            return try await openAgain(blob, permit)
        } catch {
            throw RegistryError.storage(error)
        }
    }

    private func openAgain(_ blob: LinkedBlob, _ permit: Permit<Pull>) async throws -> any BlobReader {
        let (project, name, digest) = (permit.project, permit.repository, blob.digest)
        let fresh = try await metadata.read(.pull) { transaction -> LinkedBlob? in
            guard let repository = try transaction.repository(name, in: project) else { return nil }
            return try transaction.linkedBlob(digest, in: repository)
        }
        guard let fresh else { throw RegistryError.blobUnknown(digest) }
        do {
            return try await blobs.open(BlobLocation(rawValue: fresh.location))
        } catch BlobStorageError.notFound {
            logger.error("blob bytes missing", metadata: ["digest": "\(digest)", "repository": "\(name)"])
            try await metadata.write(.push) { try $0.suspectBlob(digest, at: fresh.location) }
            throw RegistryError.blobUnknown(digest)
        } catch {
            throw RegistryError.storage(error)
        }
    }
}
