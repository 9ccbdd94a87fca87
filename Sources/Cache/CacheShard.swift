// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One value with what is needed to judge it.
struct CacheEntry<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    let key: Key
    let value: Value
    let stamp: UInt64
    let cost: Int
    let expiry: ContinuousClock.Instant?
    /// Asked for since the hand last passed.
    var isWanted = false

    init(_ key: Key, _ value: Value, stamp: UInt64, cost: Int, expiry: ContinuousClock.Instant?) {
        self.key = key
        self.value = value
        self.stamp = stamp
        self.cost = cost
        self.expiry = expiry
    }
}

/// The part of a cache behind one lock.
final class CacheShard<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let capacity: Int
    private let state = Mutex(CacheRing<Key, Value>())

    init(capacity: Int) {
        self.capacity = capacity
    }

    var statistics: CacheStatistics { state.withLock { $0.statistics } }

    func value(for key: Key, stamp: UInt64, at time: ContinuousClock.Instant?) -> Value? {
        state.withLock { state in
            guard let slot = state.index[key], let found = state.slots[slot], found.stamp == stamp,
                !found.isExpired(at: time)
            else {
                state.statistics.misses += 1
                return nil
            }
            // Written only when it changes, so that a hot value costs no needless store.
            if !found.isWanted { state.slots[slot]?.isWanted = true }
            state.statistics.hits += 1
            return found.value
        }
    }

    func insert(_ entry: CacheEntry<Key, Value>) {
        // What is pushed out is handed to the caller, so that its memory is released after the lock.
        let released = state.withLock { state -> [CacheEntry<Key, Value>] in
            var released: [CacheEntry<Key, Value>] = []
            if let slot = state.index[entry.key], let old = state.take(slot) { released.append(old) }
            guard entry.cost <= capacity else { return released }
            while state.statistics.cost + entry.cost > capacity {
                if let victim = state.evict() { released.append(victim) }
            }
            state.put(entry)
            return released
        }
        _ = consume released
    }

    func remove(_ key: Key) {
        let released = state.withLock { state in state.index[key].flatMap { state.take($0) } }
        _ = consume released
    }

    func removeAll() {
        let released = state.withLock { state -> CacheRing<Key, Value> in
            let old = state
            state = CacheRing()
            state.statistics.hits = old.statistics.hits
            state.statistics.misses = old.statistics.misses
            state.statistics.evictions = old.statistics.evictions
            return old
        }
        _ = consume released
    }
}

extension CacheEntry {
    fileprivate func isExpired(at time: ContinuousClock.Instant?) -> Bool {
        guard let expiry, let time else { return false }
        return time >= expiry
    }
}

/// Slots in a ring, a map from keys to slots, and the hand.
private struct CacheRing<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    var slots: [CacheEntry<Key, Value>?] = []
    var free: [Int] = []
    var index: [Key: Int] = [:]
    var hand = 0
    var statistics = CacheStatistics()

    /// Puts an entry into a free slot; there is none for its key.
    mutating func put(_ entry: CacheEntry<Key, Value>) {
        let slot: Int
        if let reused = free.popLast() {
            slots[reused] = entry
            slot = reused
        } else {
            slots.append(entry)
            slot = slots.count - 1
        }
        index[entry.key] = slot
        statistics.count += 1
        statistics.cost += entry.cost
    }

    /// Empties a slot.
    mutating func take(_ slot: Int) -> CacheEntry<Key, Value>? {
        guard let entry = slots[slot] else { return nil }
        slots[slot] = nil
        free.append(slot)
        index[entry.key] = nil
        statistics.count -= 1
        statistics.cost -= entry.cost
        return entry
    }

    /// Moves the hand one slot on: a wanted entry gets a second chance, any other goes.
    mutating func evict() -> CacheEntry<Key, Value>? {
        hand = hand + 1 < slots.count ? hand + 1 : 0
        if slots[hand]?.isWanted == true {
            slots[hand]?.isWanted = false
            return nil
        }
        guard let victim = take(hand) else { return nil }
        statistics.evictions += 1
        return victim
    }
}
