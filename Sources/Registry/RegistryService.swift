// SPDX-License-Identifier: Apache-2.0
package import BlobStorage
package import Cache
package import Logging
package import Metadata

/// The bounds of the registry's work on one node.
package struct RegistryPolicy: Sendable {
    /// Leases and grace periods.
    package var times: Times
    /// A long body is published each time so many bytes have arrived, so that a client can resume behind them.
    package var publishBytes: Int64
    /// A slow body is published at least this often.
    package var publishInterval: Duration
    /// The most uploads this node holds open files for; more are refused until some end.
    package var openUploads: Int
    /// The longest blob in bytes; 0 for no limit.
    package var blobBytesAtMost: Int64
    /// How much memory recently pulled manifests may use, in bytes.
    package var manifestCacheBytes: Int
    /// While the database is out of reach: how long a tag is answered as it was last read; zero for never.
    package var staleTags: Duration
    /// The same for manifests and blobs by digest.
    package var staleDigests: Duration

    /// The bounds a production node uses.
    package init(
        times: Times = .standard, publishBytes: Int64 = 256 << 20, publishInterval: Duration = .seconds(10),
        openUploads: Int = 4_096, blobBytesAtMost: Int64 = 0, manifestCacheBytes: Int = 64 << 20,
        staleTags: Duration = .zero, staleDigests: Duration = .zero
    ) {
        self.times = times
        self.publishBytes = publishBytes
        self.publishInterval = publishInterval
        self.openUploads = openUploads
        self.blobBytesAtMost = blobBytesAtMost
        self.manifestCacheBytes = manifestCacheBytes
        self.staleTags = staleTags
        self.staleDigests = staleDigests
    }
}

/// The distribution protocol without HTTP: uploads, pushes, pulls, mounts, referrers, deletes.
///
/// Every method needs a permit, and only Access makes permits. Rows decide: a method answers after the transaction that
/// makes its answer true is durable, and after a crash anywhere the same request may be repeated.
package struct RegistryService: Sendable {
    let metadata: MetadataStore
    let blobs: any BlobStore
    let policy: RegistryPolicy
    let active: ActiveUploads
    let caches: PullCaches
    let lastKnown: LastKnownPulls
    let rules: [any TagRule]
    let logger: Logger
    let faults: FaultPoints

    /// Makes the service of one node.
    ///
    /// - Parameters:
    ///   - metadata: What is remembered.
    ///   - blobs: Where the bytes are.
    ///   - rules: What every move of a tag must pass, in order.
    ///   - policy: The bounds of the work.
    ///   - shared: What the nodes remember together. Sealed, for manifests of private repositories lie in it.
    ///   - logger: For what healed or soon will not.
    ///   - faults: Armed by tests only: `upload.afterReserve`, `upload.afterPublish`, `upload.beforeReply`,
    ///     `commit.afterC1`, `commit.beforeC3`, `commit.insideC3`, `commit.afterC3`.
    package init(
        metadata: MetadataStore, blobs: any BlobStore, rules: [any TagRule], policy: RegistryPolicy,
        shared: SealedCache? = nil, logger: Logger, faults: FaultPoints = .none
    ) {
        self.metadata = metadata
        self.blobs = blobs
        self.policy = policy
        self.rules = rules
        self.active = ActiveUploads(limit: policy.openUploads)
        self.caches = PullCaches(manifestBytes: policy.manifestCacheBytes, shared: shared)
        self.lastKnown = LastKnownPulls(policy)
        self.logger = logger
        self.faults = faults
    }

    /// Closes the files of uploads that no request holds; what they published stays, and any node may go on.
    ///
    /// Requests whose client left may still bring to its end what they began: they are waited for, for at most five seconds.
    package func close() async {
        let end = ContinuousClock.now + .seconds(5)
        while active.isBusy, ContinuousClock.now < end, (try? await Task.sleep(for: .milliseconds(10))) != nil {}
        for session in active.takeAll() { await session.close() }
    }

    /// Closes the files of uploads nobody has written to for a while; what they published stays.
    ///
    /// - Parameter idle: How long a session may lie untouched.
    package func closeIdleUploads(olderThan idle: Duration) async {
        for session in active.takeIdle(longerThan: idle) { await session.close() }
    }

    /// How many uploads this node holds, written to or waiting for their client.
    package var openUploads: Int { active.count }

    /// What the node's caches have done, by name.
    package var cacheStatistics: [(name: String, read: @Sendable () -> CacheStatistics)] {
        let fresh: [(name: String, read: @Sendable () -> CacheStatistics)] = [
            ("manifests", { caches.manifests.statistics }), ("contents", { caches.contents.statistics }),
            ("links", { caches.links.statistics }), ("repositories", { caches.repositories.statistics }),
        ]
        return fresh + lastKnown.statistics
    }
}
