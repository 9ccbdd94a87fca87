// SPDX-License-Identifier: Apache-2.0
import Cache
import Synchronization
import Testing

/// A clock that moves only when told.
private final class HandClock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(by duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }
}

@Suite("BoundedCache")
struct BoundedCacheTests {
    @Test("what was stored is found, and the newest value for a key wins")
    func storesAndReplaces() {
        let cache = BoundedCache<String, Int>(capacity: 10)
        #expect(cache.value(for: "a") == nil)
        cache.insert(1, for: "a")
        cache.insert(2, for: "a")
        #expect(cache.value(for: "a") == 2)
        #expect(cache.statistics == CacheStatistics(hits: 1, misses: 1, evictions: 0, count: 1, cost: 1))
    }

    @Test("a value is found only under the stamp it was stored under")
    func stamps() {
        let cache = BoundedCache<String, Int>(capacity: 10)
        cache.insert(1, for: "a", stamp: 7)
        #expect(cache.value(for: "a", stamp: 8) == nil)
        #expect(cache.value(for: "a") == nil)
        #expect(cache.value(for: "a", stamp: 7) == 1)
    }

    @Test("a value is gone when its lifetime is over, not before")
    func lifetime() {
        let clock = HandClock()
        let cache = BoundedCache<String, Int>(capacity: 10, lifetime: .seconds(60)) { clock.now }
        cache.insert(1, for: "a")
        clock.advance(by: .seconds(59))
        #expect(cache.value(for: "a") == 1)
        clock.advance(by: .seconds(1))
        #expect(cache.value(for: "a") == nil)
    }

    @Test("costs never pass the capacity, however many values come", arguments: [1, 3, 64, 1000])
    func bounded(capacity: Int) {
        let cache = BoundedCache<Int, Int>(capacity: capacity)
        for number in 0..<5000 {
            cache.insert(number, for: number, cost: 1 + number % 5)
            #expect(cache.statistics.cost <= capacity)
        }
        #expect(cache.statistics.count > 0)
    }

    @Test("a value that is dearer than the cache is not kept, and its old copy is not served")
    func tooDear() {
        let cache = BoundedCache<String, Int>(capacity: 10)
        cache.insert(1, for: "a", cost: 2)
        cache.insert(2, for: "a", cost: 11)
        #expect(cache.value(for: "a") == nil)
        #expect(cache.statistics.cost == 0)
    }

    @Test("a value that is asked for survives those that are not")
    func secondChance() {
        let cache = BoundedCache<Int, Int>(capacity: 8, shards: 1)
        for number in 0..<100 {
            cache.insert(number, for: number)
            cache.insert(-1, for: -1, stamp: 0)
            #expect(cache.value(for: -1) == -1)
        }
        cache.insert(-2, for: -2)
        for number in 100..<105 {
            #expect(cache.value(for: -2) == -2)
            cache.insert(number, for: number)
        }
        #expect(cache.value(for: -2) == -2)
    }

    @Test("removed values are gone and their room is used again")
    func removal() {
        let cache = BoundedCache<Int, Int>(capacity: 4)
        for number in 0..<4 { cache.insert(number, for: number) }
        cache.remove(2)
        #expect(cache.value(for: 2) == nil)
        cache.insert(9, for: 9)
        #expect(cache.statistics.evictions == 0)
        cache.removeAll()
        #expect(cache.statistics.count == 0)
        #expect(cache.value(for: 9) == nil)
    }

    @Test("many threads at once keep the bound and never see another key's value")
    func concurrency() async {
        let cache = BoundedCache<Int, Int>(capacity: 256)
        await withTaskGroup(of: Bool.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    (0..<5000).allSatisfy { step in
                        let key = (step &* 31 &+ worker) % 700
                        cache.insert(key, for: key)
                        return cache.value(for: key).map { $0 == key } ?? true
                    }
                }
            }
            for await sound in group { #expect(sound) }
        }
        #expect(cache.statistics.cost <= 256)
    }
}
