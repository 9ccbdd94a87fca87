// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What was seen lately, within a bound that never grows.
///
/// The sum of the costs of all values stays at or below the capacity; when it is full, values that nobody asked for
/// since the last round go first (CLOCK). All calls are synchronous, short and safe from any thread: keys are spread
/// over shards, each behind its own lock, and no lock is held while a key or a value is made or destroyed by the caller.
///
/// A value may carry a *stamp*: it is found only by a caller who names the same stamp. Together with
/// `MetadataStore.changeStamp()` that makes a copy of a row exactly as fresh as the row.
///
/// It promises nothing about how long a value stays: a caller must always be able to do without.
package final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let shards: [CacheShard<Key, Value>]
    private let mask: Int
    private let lifetime: Duration?
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameters:
    ///   - capacity: The largest sum of costs. With the default cost of 1 that is a number of values. It is divided
    ///     between the shards, and a value that costs more than one shard's part is not kept.
    ///   - lifetime: How long a value may be found after it was stored; nil for as long as there is room.
    ///   - shards: Into how many independently locked parts to divide; rounded up to a power of two. By default 16,
    ///     and fewer for small capacities so that no part holds less than 32.
    ///   - now: The clock that `lifetime` is measured with.
    package init(
        capacity: Int, lifetime: Duration? = nil, shards: Int? = nil,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        precondition(capacity > 0, "a cache needs room for at least one value")
        var count = 1
        let wanted = shards ?? min(16, capacity / 32)
        while count < wanted { count *= 2 }
        self.shards = (0..<count).map { index in
            CacheShard(capacity: capacity / count + (index < capacity % count ? 1 : 0))
        }
        self.mask = count - 1
        self.lifetime = lifetime
        self.now = now
    }

    /// The value stored for `key`, or nil when there is none, it is too old, or it was stored under another stamp.
    package func value(for key: Key, stamp: UInt64 = 0) -> Value? {
        shard(of: key).value(for: key, stamp: stamp, at: lifetime == nil ? nil : now())
    }

    /// Keeps `value` for `key` in place of whatever was there.
    ///
    /// - Parameters:
    ///   - stamp: The state of the world that the value was read in.
    ///   - cost: The value's share of the capacity, for example its size in bytes; at least 1.
    ///   - life: How long this value may be found, if that is less than the cache's own lifetime. A cache without one
    ///     keeps values for as long as there is room.
    package func insert(_ value: Value, for key: Key, stamp: UInt64 = 0, cost: Int = 1, life: Duration? = nil) {
        let expiry = lifetime.map { now().advanced(by: min($0, life ?? $0)) }
        shard(of: key).insert(CacheEntry(key, value, stamp: stamp, cost: max(1, cost), expiry: expiry))
    }

    /// Forgets the value for `key`.
    package func remove(_ key: Key) {
        shard(of: key).remove(key)
    }

    /// Forgets everything.
    package func removeAll() {
        for shard in shards { shard.removeAll() }
    }

    /// What the cache holds and how often it helped, summed over the shards.
    package var statistics: CacheStatistics {
        shards.reduce(into: CacheStatistics()) { sum, shard in sum.add(shard.statistics) }
    }

    private func shard(of key: Key) -> CacheShard<Key, Value> {
        guard mask != 0 else { return shards[0] }
        let hash = key.hashValue
        return shards[(hash ^ (hash >> 32)) & mask]
    }
}
