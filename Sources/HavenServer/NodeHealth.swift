// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import HarborAPI
import Metadata
import SQLStorage

/// What `/api/v2.0/health` looks at: each component is asked for real, nothing is assumed.
enum NodeHealth {
    static func report(_ node: HavenNode) -> HealthReport {
        // A probe of an object store is three requests that somebody pays for.
        let isCloud = node.settings.data.storage.fileRoot == nil
        let look = StoreLook(node.blobs, freshness: isCloud ? .seconds(15) : .zero)
        return HealthReport([
            // Whoever hears this answer has heard it from the core.
            HealthComponent("core") { .healthy },
            HealthComponent("database") { await database(node.metadata) },
            HealthComponent("registry") { await look.state() },
        ])
    }

    private static func database(_ metadata: MetadataStore) async -> HealthComponent.State {
        do {
            _ = try await metadata.read(.administration) { try $0.now() }
            return .healthy
        } catch {
            return .unhealthy("the database does not answer")
        }
    }

    fileprivate static func store(_ blobs: any BlobStore) async -> HealthComponent.State {
        if let space = await blobs.space() {
            if space.isBelowReserve {
                return .unhealthy("the disk's reserve is reached: pulls go on, pushes are refused")
            }
            if space.isLow { return .warning("the disk is nearly full: make room before pushes are refused") }
        }
        do {
            try await blobs.probe()
            return .healthy
        } catch {
            return .unhealthy("the store does not take a write, or does not give it back")
        }
    }
}

/// Remembers for a while how the store was.
private actor StoreLook {
    private let blobs: any BlobStore
    private let freshness: Duration
    private var last: (state: HealthComponent.State, at: ContinuousClock.Instant)?

    init(_ blobs: any BlobStore, freshness: Duration) {
        self.blobs = blobs
        self.freshness = freshness
    }

    func state() async -> HealthComponent.State {
        if let last, last.at.duration(to: .now) < freshness { return last.state }
        let state = await NodeHealth.store(blobs)
        last = (state, .now)
        return state
    }
}

extension StorageSpace {
    /// Whether somebody should make room now, while pushes are still taken.
    var isLow: Bool { free < max(2 * reserve, total / 10) }
}
