// SPDX-License-Identifier: Apache-2.0
import Cache
import Metadata
import NIOCore
import OCI
import SQLStorage

/// Manifests when the nodes share a cache: the database says each time whether the repository has it, and the bytes, which
/// never change, come from wherever they are nearest.
extension RegistryService {
    /// How long the nodes remember bytes. They stay true for ever; what nobody pulls shall make room.
    private static let contentLife = Duration.seconds(24 * 3_600)

    /// The manifest by its row without bytes; nil when the repository has none.
    ///
    /// - Throws: ``RegistryError/nameUnknown(_:)``.
    func findManifest(
        _ reference: Reference, of name: RepositoryName, in project: ProjectID
    ) async throws -> StoredManifest? {
        let found = try await metadata.read(.pull) { transaction -> (ManifestHead, RepositoryID)? in
            guard let repository = try transaction.repository(name, in: project) else {
                throw RegistryError.nameUnknown(name)
            }
            let head =
                switch reference {
                case .tag(let tag): try transaction.manifestHead(tag, in: repository)
                case .digest(let digest): try transaction.manifestHead(digest, in: repository)
                }
            return head.map { ($0, repository) }
        }
        guard let (head, repository) = found, let bytes = try await content(of: head, in: repository) else {
            return nil
        }
        return StoredManifest(digest: head.digest, mediaType: head.mediaType, bytes: bytes)
    }

    /// From memory, from the shared cache, from the database.
    private func content(of head: ManifestHead, in repository: RepositoryID) async throws -> ByteBuffer? {
        if let known = caches.contents.value(for: head.digest) { return known }
        if let shared = await sharedContent(of: head) { return remember(shared, as: head.digest) }
        guard let row = try await metadata.read(.pull, { try $0.manifest(head.digest, in: repository) }) else {
            return nil
        }
        share(row.bytes, as: row.digest)
        return remember(row.bytes, as: row.digest)
    }

    /// The digest decides: bytes that are not those of the manifest are none.
    private func sharedContent(of head: ManifestHead) async -> [UInt8]? {
        guard let bytes = await caches.shared?.value(for: Self.name(head.digest)), bytes.count == Int(head.size),
            Digest.of(bytes, head.digest.algorithm) == head.digest
        else { return nil }
        return bytes
    }

    /// Offers the bytes of a stored manifest to the other nodes, without waiting.
    func share(_ bytes: [UInt8], as digest: Digest) {
        caches.shared?.offer([SharedEntry(Self.name(digest), bytes, life: Self.contentLife)])
    }

    private func remember(_ bytes: [UInt8], as digest: Digest) -> ByteBuffer {
        let buffer = ByteBuffer(bytes: bytes)
        caches.contents.insert(buffer, for: digest, cost: max(1, bytes.count))
        return buffer
    }

    private static func name(_ digest: Digest) -> String { "manifest \(digest)" }
}
