// SPDX-License-Identifier: Apache-2.0

/// A shared cache for nodes of one process: the reference of its protocol.
package final class MemorySharedCache: SharedCache {
    private let values: BoundedCache<String, [UInt8]>

    /// - Parameters:
    ///   - capacity: The largest sum of the sizes of all values, in bytes.
    ///   - now: The clock that lives are measured with.
    package init(
        capacity: Int = 64 << 20, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        values = BoundedCache(capacity: capacity, lifetime: .seconds(86_400), now: now)
    }

    package func values(for keys: [String]) async -> [[UInt8]?] {
        keys.map { values.value(for: $0) }
    }

    package func store(_ entries: [SharedEntry]) async -> Bool {
        offer(entries)
        return entries.allSatisfy(\.isAcceptable)
    }

    package func offer(_ entries: [SharedEntry]) {
        for entry in entries where entry.isAcceptable {
            values.insert(entry.value, for: entry.key, cost: entry.value.count, life: entry.life)
        }
    }

    package func remove(_ keys: [String]) async -> Bool {
        for key in keys { values.remove(key) }
        return true
    }
}
