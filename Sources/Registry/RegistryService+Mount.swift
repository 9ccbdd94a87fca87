// SPDX-License-Identifier: Apache-2.0
package import Access
import Metadata
package import OCI
import SQLStorage

extension RegistryService {
    /// Makes a blob of one repository readable from another without moving bytes.
    ///
    /// Specified by distribution-spec, "Mounting a blob from another repository". Both permits are needed: mounting reveals
    /// whether `source` holds the blob. Reading the source renews its lease, and the new link has one of its own.
    ///
    /// - Returns: Whether the blob is in the target now; when not, the client uploads it.
    /// - Throws: ``RegistryError/quotaExceeded(used:limit:wanted:)`` when the target's project has no room.
    package func mount(_ digest: Digest, from source: Permit<Pull>, into target: Permit<Push>) async throws -> Bool {
        let lease = policy.times.lease
        return try await translating {
            do {
                return try await metadata.write(.push, unknown: .by { try $0.isLinked(digest, target) }) {
                    transaction in
                    guard let from = try transaction.repository(source.repository, in: source.project),
                        let blob = try transaction.linkedBlob(digest, in: from), !blob.isSuspect
                    else { return false }
                    try transaction.lean(blob, in: from, lease: lease)
                    let into = try transaction.ensureRepository(target.repository, in: target.project)
                    try transaction.link(digest, size: blob.size, into: into, of: target.project, lease: lease)
                    return true
                }
            } catch MetadataError.blobGone {
                return false
            }
        }
    }
}

extension MetadataTransaction {
    fileprivate func isLinked(_ digest: Digest, _ target: Permit<Push>) throws -> Bool {
        guard let repository = try repository(target.repository, in: target.project) else { return false }
        return try linkedBlob(digest, in: repository) != nil
    }
}
