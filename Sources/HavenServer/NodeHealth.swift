// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Cache
import HarborAPI
import Metadata
import SQLStorage

/// What `/api/v2.0/health` looks at: each component is asked for real, nothing is assumed.
enum NodeHealth {
    static func report(_ node: HavenNode) -> HealthReport {
        let components = [
            // Whoever hears this answer has heard it from the core.
            HealthComponent("core") { .healthy },
            HealthComponent("database") { await database(node.metadata) },
            HealthComponent("registry") { await store(node.blobs) },
        ]
        return HealthReport(components + (node.redis.map { [component($0)] } ?? []))
    }

    /// Everything works without Redis, so its loss is told and is no reason to call the service unavailable.
    private static func component(_ redis: NodeRedis) -> HealthComponent {
        HealthComponent("redis", isRequired: false) {
            if !redis.client.isConnected { return .unhealthy("Redis does not answer; everything goes on without it") }
            if !redis.wakeups.isListening { return .warning("messages of other nodes are not heard") }
            return .healthy
        }
    }

    private static func database(_ metadata: MetadataStore) async -> HealthComponent.State {
        do {
            _ = try await metadata.read(.administration) { try $0.now() }
            return .healthy
        } catch {
            return .unhealthy("the database does not answer")
        }
    }

    private static func store(_ blobs: any BlobStore) async -> HealthComponent.State {
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

extension StorageSpace {
    /// Whether somebody should make room now, while pushes are still taken.
    var isLow: Bool { free < max(2 * reserve, total / 10) }
}
