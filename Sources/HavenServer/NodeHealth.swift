// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Cache
import HarborAPI
package import Metadata
import SQLStorage

/// What `/api/v2.0/health` looks at: each component is asked for real, nothing is assumed.
enum NodeHealth {
    static func report(_ node: HavenNode) -> HealthReport {
        // A probe of an object store is three requests that somebody pays for.
        let isCloud = node.settings.data.storage.fileRoot == nil
        let look = StoreLook(node.blobs, freshness: isCloud ? .seconds(15) : .zero)
        let components = [
            // Whoever hears this answer has heard it from the core.
            HealthComponent("core") { .healthy },
            HealthComponent("database") { await database(node) },
            HealthComponent("registry") { await look.state() },
        ]
        return HealthReport(components + (node.redis.map { [component($0)] } ?? []), nodes: { await nodes(node) })
    }

    /// Everything works without Redis, so its loss is told and is no reason to call the service unavailable.
    private static func component(_ redis: NodeRedis) -> HealthComponent {
        HealthComponent("redis", isRequired: false) {
            if !redis.client.isConnected { return .unhealthy("Redis does not answer; everything goes on without it") }
            if !redis.wakeups.isListening { return .warning("messages of other nodes are not heard") }
            return .healthy
        }
    }

    private static func database(_ node: HavenNode) async -> HealthComponent.State {
        switch node.metadata.watch?.mode ?? .normal {
        case .outage: return .unhealthy("the database is out of reach: pulls are answered from what was last known")
        case .readOnly: return .unhealthy("the database takes no writes: pulls go on, pushes are refused")
        case .normal: break
        }
        do {
            // Asked once: a server that is away is told, and not waited for.
            let (weaknesses, nodes) = try await node.metadata.database.read(.pull) { transaction in
                let transaction = MetadataTransaction(sql: transaction)
                return (try transaction.durability(), try transaction.nodes())
            }
            if weaknesses.contains(where: \.isLosing) {
                return .warning("the database's settings may lose acknowledged pushes; see haven doctor")
            }
            // A clock that is wrong is outvoted by the others, as long as most of them are right.
            if nodes.contains(where: { $0.isSkewed && !$0.isGone(after: node.settings.cluster.goneAfter) }) {
                return .warning("the clock of a node and that of the database are far apart; see haven node list")
            }
            return .healthy
        } catch {
            return .unhealthy("the database does not answer")
        }
    }

    /// What the nodes say of themselves; nil when the database cannot be asked.
    private static func nodes(_ node: HavenNode) async -> [HealthNode]? {
        guard let all = try? await node.metadata.read(.administration, { (try $0.nodes(), try $0.drains()) }) else {
            return nil
        }
        return all.0.map { row in
            HealthNode(
                name: row.name, version: row.version, address: row.address,
                state: row.shownState(goneAfter: node.settings.cluster.goneAfter, all.1), since: row.startedAt,
                beatAt: row.beatAt)
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

extension NodeRow {
    /// Whether it was silent for too long. Shown to people; nothing else is made of it.
    package func isGone(after limit: Duration) -> Bool {
        state != .stopped && .microseconds(silence) > limit
    }

    /// Its state in a word: `serving`, `draining`, `drained`, `stopped` or `gone`.
    ///
    /// - Parameter drains: The orders that stand.
    package func shownState(goneAfter limit: Duration, _ drains: [NodeDrain] = []) -> String {
        if isGone(after: limit) { return "gone" }
        let isDone = state == .draining && drains.contains { $0.name == name && $0.isDone(by: id) }
        return isDone ? "drained" : state.rawValue
    }

    /// Whether its clock is so far from the database's that tokens of other nodes may be refused.
    var isSkewed: Bool { abs(clockSkew) > .seconds(30) }
}
