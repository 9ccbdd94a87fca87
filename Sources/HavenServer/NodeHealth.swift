// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import HarborAPI
import Metadata
import SQLStorage

/// What `/api/v2.0/health` looks at: each component is asked for real, nothing is assumed.
enum NodeHealth {
    static func report(_ node: HavenNode) -> HealthReport {
        HealthReport([
            // Whoever hears this answer has heard it from the core.
            HealthComponent("core") { .healthy },
            HealthComponent("database") { await database(node.metadata) },
            HealthComponent("registry") { await store(node.blobs) },
        ])
    }

    private static func database(_ metadata: MetadataStore) async -> HealthComponent.State {
        do {
            // Asked once: a server that is away is told, and not waited for.
            let weaknesses = try await metadata.database.read(.pull) { transaction in
                try MetadataTransaction(sql: transaction).durability()
            }
            guard weaknesses.contains(where: \.isLosing) else { return .healthy }
            return .warning("the database's settings may lose acknowledged pushes; see haven doctor")
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
