// SPDX-License-Identifier: Apache-2.0
import Cache
import Metadata
import NIOCore
import OCI

/// What a node last read for pulls: the answers to give while the database is out of reach.
///
/// Apart from ``PullCaches``, which are as fresh as the database; what is in here may have changed since. A tag is believed
/// for minutes, contents by digest for a day, as the policy says. Nothing is ever created from it.
struct LastKnownPulls: Sendable {
    private let tags: LastKnown<PullCaches.ManifestKey, Digest>
    private let manifests: LastKnown<PullCaches.BlobKey, StoredManifest>
    private let links: LastKnown<PullCaches.BlobKey, LinkedBlob>
    private let tagAge: Duration
    private let digestAge: Duration

    init(_ policy: RegistryPolicy) {
        tags = LastKnown(capacity: 65_536)
        manifests = LastKnown(capacity: policy.manifestCacheBytes)
        links = LastKnown(capacity: 65_536)
        (tagAge, digestAge) = (policy.staleTags, policy.staleDigests)
    }

    private var isOff: Bool { digestAge == .zero }

    /// Remembers what was just read, or put by this node.
    func note(_ manifest: StoredManifest, for key: PullCaches.ManifestKey) {
        guard !isOff else { return }
        if case .tag = key.reference { tags.note(manifest.digest, for: key) }
        manifests.note(manifest, for: key.digest(manifest.digest), cost: max(1, manifest.bytes.readableBytes))
    }

    /// The database said that there is none. A tag whose manifest is forgotten is forgotten with it.
    func forget(_ key: PullCaches.ManifestKey) {
        switch key.reference {
        case .tag: tags.forget(key)
        case .digest(let digest): manifests.forget(key.digest(digest))
        }
    }

    /// The manifest as it was, unless that is too long ago.
    func manifest(_ key: PullCaches.ManifestKey) -> StoredManifest? {
        let digest: Digest? =
            switch key.reference {
            case .tag: tags.value(for: key, within: min(tagAge, digestAge))
            case .digest(let digest): digest
            }
        return digest.flatMap { manifests.value(for: key.digest($0), within: digestAge)?.stale }
    }

    func note(_ blob: LinkedBlob, for key: PullCaches.BlobKey) {
        if !isOff { links.note(blob, for: key) }
    }

    func forget(_ key: PullCaches.BlobKey) {
        links.forget(key)
    }

    /// The link as it was, unless that is too long ago.
    func link(_ key: PullCaches.BlobKey) -> LinkedBlob? {
        var known = links.value(for: key, within: digestAge)
        known?.isStale = true
        return known
    }

    /// What is held and how often it helped, by name.
    var statistics: [(name: String, read: @Sendable () -> CacheStatistics)] {
        [
            ("last-known tags", { tags.statistics }), ("last-known manifests", { manifests.statistics }),
            ("last-known links", { links.statistics }),
        ]
    }
}

extension PullCaches.ManifestKey {
    fileprivate func digest(_ digest: Digest) -> PullCaches.BlobKey {
        PullCaches.BlobKey(project: project, repository: repository, digest: digest)
    }
}
