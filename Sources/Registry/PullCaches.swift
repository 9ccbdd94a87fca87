// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Cache
import Metadata
package import NIOCore
package import OCI

/// A manifest ready to be served.
package final class StoredManifest: Sendable {
    /// The manifest.
    package let digest: Digest
    /// The media type its client sent.
    package let mediaType: String
    /// The bytes its client sent.
    package let bytes: ByteBuffer
    /// Whether it was read before the database went out of reach, so that it may have changed since.
    package let isStale: Bool

    init(digest: Digest, mediaType: String, bytes: ByteBuffer, isStale: Bool = false) {
        self.digest = digest
        self.mediaType = mediaType
        self.bytes = bytes
        self.isStale = isStale
    }

    /// The same, as it is answered while nobody can say whether it is still true.
    var stale: StoredManifest {
        StoredManifest(digest: digest, mediaType: mediaType, bytes: bytes, isStale: true)
    }
}

/// What a node remembers of recent pulls.
///
/// Contents are immutable and kept by digest. Everything else (where a tag points, whether a repository holds a digest) is
/// kept with the database's change stamp of the moment before it was read, and counts only while the stamp stands still.
struct PullCaches: Sendable {
    struct ManifestKey: Hashable, Sendable {
        let project: ProjectID
        let repository: RepositoryName
        let reference: Reference
    }
    struct BlobKey: Hashable, Sendable {
        let project: ProjectID
        let repository: RepositoryName
        let digest: Digest
    }
    struct RepositoryKey: Hashable, Sendable {
        let project: ProjectID
        let name: RepositoryName
    }

    /// The id of this process, made at its start.
    let process = RepositoryID.random().rawValue
    let contents: BoundedCache<Digest, ByteBuffer>
    let manifests = BoundedCache<ManifestKey, StoredManifest>(capacity: 16_384)
    let links = BoundedCache<BlobKey, LinkedBlob>(capacity: 16_384)
    let repositories = BoundedCache<RepositoryKey, RepositoryID>(capacity: 16_384)

    /// What the nodes remember together; nil when they have nothing for that.
    let shared: SealedCache?

    init(manifestBytes: Int, shared: SealedCache?) {
        contents = BoundedCache(capacity: manifestBytes)
        self.shared = shared
    }
}
