// SPDX-License-Identifier: Apache-2.0
package import Access
import Events
import Metadata
package import OCI
import SQLStorage

// Deletes are rows: gone at the commit, on every node. Bytes follow with the collector, when no row names them.

extension RegistryService {
    /// Deletes a tag; the manifest stays reachable by digest until it is collected.
    ///
    /// - Throws: ``RegistryError/nameUnknown(_:)``, ``RegistryError/tagUnknown(_:)``, ``RegistryError/tagImmutable(_:)``.
    package func delete(_ tag: Tag, _ permit: Permit<Delete>) async throws {
        let deletion = Deletion(permit: permit, rules: rules, grace: policy.times.readGrace)
        try await metadata.write(.push, unknown: .by { try $0.isPosted(deletion.operation) }) {
            try deletion.run(tag, $0)
        }
        lastKnown.forget(
            PullCaches.ManifestKey(project: permit.project, repository: permit.repository, reference: .tag(tag)))
    }

    /// Deletes a manifest and every tag that points to it.
    ///
    /// - Throws: ``RegistryError/manifestInUse(_:by:)`` while an index names it; ``RegistryError/tagImmutable(_:)``;
    ///   ``RegistryError/manifestUnknown(_:)``.
    package func deleteManifest(_ digest: Digest, _ permit: Permit<Delete>) async throws {
        let deletion = Deletion(permit: permit, rules: rules, grace: policy.times.readGrace)
        try await metadata.write(.push, unknown: .by { try $0.isPosted(deletion.operation) }) {
            try deletion.run(digest, $0)
        }
        lastKnown.forget(
            PullCaches.ManifestKey(project: permit.project, repository: permit.repository, reference: .digest(digest)))
    }

    /// Removes a blob from a repository; other repositories that link it keep it.
    ///
    /// - Throws: ``RegistryError/blobInUse(_:by:)`` while a manifest of the repository names it;
    ///   ``RegistryError/blobUnknown(_:)``.
    package func deleteBlob(_ digest: Digest, _ permit: Permit<Delete>) async throws {
        let (project, name) = (permit.project, permit.repository)
        let isGone = Settlement.by { transaction in
            guard let repository = try transaction.repository(name, in: project) else { return true }
            return try transaction.linkedBlob(digest, in: repository) == nil
        }
        try await metadata.write(.push, unknown: isGone) { transaction in
            guard let repository = try transaction.repository(name, in: project) else {
                throw RegistryError.nameUnknown(name)
            }
            if try transaction.unlink(digest, from: repository, of: project) { return }
            let holders = try transaction.holders(of: digest, in: repository)
            guard holders.isEmpty else { throw RegistryError.blobInUse(digest, by: holders) }
            throw RegistryError.blobUnknown(digest)
        }
        lastKnown.forget(PullCaches.BlobKey(project: project, repository: name, digest: digest))
    }
}

/// The transaction of a delete, as a value: it may run more than once.
private struct Deletion: Sendable {
    let permit: Permit<Delete>
    let rules: [any TagRule]
    let grace: Int64
    let operation = UploadID.random().rawValue

    func run(_ tag: Tag, _ transaction: MetadataTransaction) throws {
        let repository = try live(transaction)
        guard let row = try transaction.tag(tag, in: repository) else { throw RegistryError.tagUnknown(tag) }
        var events = EventRecorder(operation: operation, caller: permit.caller.name, in: transaction)
        try remove(tag, row, from: repository, transaction, &events)
        try transaction.addCandidate(
            .manifest, repository: repository, project: permit.project, digest: row.digest, after: 0)
    }

    func run(_ digest: Digest, _ transaction: MetadataTransaction) throws {
        let repository = try live(transaction)
        guard let row = try transaction.manifest(digest, in: repository) else {
            throw RegistryError.manifestUnknown(.digest(digest))
        }
        let parents = try transaction.parents(of: digest, in: repository)
        guard parents.isEmpty else { throw RegistryError.manifestInUse(digest, by: parents) }
        var events = EventRecorder(operation: operation, caller: permit.caller.name, in: transaction)
        for (tag, tagRow) in try transaction.tags(of: digest, in: repository) {
            try remove(tag, tagRow, from: repository, transaction, &events)
        }
        try transaction.deleteManifest(row, from: repository, of: permit.project, grace: grace)
        try events.record(.deleted(permit.repository, digest, version: row.version))
    }

    private func live(_ transaction: MetadataTransaction) throws -> RepositoryID {
        guard let repository = try transaction.repository(permit.repository, in: permit.project) else {
            throw RegistryError.nameUnknown(permit.repository)
        }
        return repository
    }

    private func remove(
        _ tag: Tag, _ row: TagRow, from repository: RepositoryID, _ transaction: MetadataTransaction,
        _ events: inout EventRecorder
    ) throws {
        let move = TagMove(
            project: permit.project, repository: permit.repository, tag: tag, from: row.digest, to: nil)
        for rule in rules { try rule.check(move, transaction) }
        let version = try transaction.delete(
            tag, in: repository, seen: row, TagChange(by: permit.caller.name, operation: operation))
        try events.record(.untagged(permit.repository, row.digest, tag: tag, version: version))
    }
}
