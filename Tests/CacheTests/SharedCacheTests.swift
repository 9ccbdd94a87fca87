// SPDX-License-Identifier: Apache-2.0
import Cache
import Synchronization
import TestKit
import Testing

@Suite("shared cache contract")
struct SharedCacheTests {
    @Test("memory", arguments: SharedCacheContract.clauses)
    func memory(_ clause: SharedCacheContract.Item) async throws {
        let cache = MemorySharedCache()
        try await clause.check(.init(here: cache, there: cache))
    }

    @Test("sealed memory", arguments: SharedCacheContract.clauses)
    func sealed(_ clause: SharedCacheContract.Item) async throws {
        let cache = MemorySharedCache()
        let key = [UInt8](repeating: 1, count: 32)
        try await clause.check(.init(here: SealedCache(cache, key: key), there: SealedCache(cache, key: key)))
    }

    @Test("Redis", arguments: SharedCacheContract.clauses)
    func redis(_ clause: SharedCacheContract.Item) async throws {
        try await withRedis { redis in
            try await withRedisClient(redis.configuration) { here in
                try await withRedisClient(redis.configuration) { there in
                    try await clause.check(.init(here: RedisSharedCache(here), there: RedisSharedCache(there)))
                }
            }
        }
    }

    @Test("sealed Redis", arguments: SharedCacheContract.clauses)
    func sealedRedis(_ clause: SharedCacheContract.Item) async throws {
        let key = [UInt8](repeating: 1, count: 32)
        try await withRedis { redis in
            try await withRedisClient(redis.configuration) { client in
                let cache = RedisSharedCache(client)
                try await clause.check(.init(here: SealedCache(cache, key: key), there: SealedCache(cache, key: key)))
            }
        }
    }
}

@Suite("wake-ups contract")
struct WakeupsTests {
    @Test("memory", arguments: WakeupsContract.clauses)
    func memory(_ clause: WakeupsContract.Item) async throws {
        let wakeups = MemoryWakeups()
        try await clause.check(.init(here: wakeups, there: wakeups))
    }

    @Test("Redis", arguments: WakeupsContract.clauses)
    func redis(_ clause: WakeupsContract.Item) async throws {
        try await withRedis { redis in
            try await withRedisWakeups(redis.configuration) { here, there in
                try await clause.check(.init(here: here, there: there))
            }
        }
    }

    @Test("after an interruption every listener is woken, for it may have missed something")
    func interruption() async throws {
        try await withRedis { redis in
            try await withRedisWakeups(redis.configuration) { here, there in
                let tally = Tally()
                here.listen(for: .signingKeys) { tally.add() }
                try await redis.kill()
                let isNoticed = try await eventually { !here.isListening }
                #expect(isNoticed)
                there.announce(.signingKeys)
                let before = tally.count
                try await redis.start()
                let isWoken = try await eventually { tally.count > before && here.isListening }
                #expect(isWoken)
            }
        }
    }

    @Test("what a newer version announces wakes nobody and harms nothing; other channels are not heard")
    func unknown() async throws {
        try await withRedis { redis in
            try await withRedisWakeups(redis.configuration) { here, _ in
                let tally = Tally()
                here.listen(for: .signingKeys) { tally.add() }
                try await redis.command("PUBLISH", "haven:wakeups", "from-the-future")
                try await redis.command("PUBLISH", "haven:other", "signing-keys")
                try await redis.command("PUBLISH", "haven:wakeups", "signing-keys")
                let isHeard = try await eventually { tally.count > 0 }
                #expect(isHeard)
                #expect(tally.count == 1)
            }
        }
    }
}

@Suite("sealed cache")
struct SealedCacheTests {
    /// Keeps what is below readable for the test.
    private final class Open: SharedCache {
        let values = Mutex<[String: [UInt8]]>([:])

        func values(for keys: [String]) async -> [[UInt8]?] { values.withLock { all in keys.map { all[$0] } } }
        func store(_ entries: [SharedEntry]) async -> Bool {
            offer(entries)
            return true
        }
        func offer(_ entries: [SharedEntry]) {
            values.withLock { all in for entry in entries { all[entry.key] = entry.value } }
        }
        func remove(_ keys: [String]) async -> Bool { true }
    }

    private let below = Open()
    private var cache: SealedCache { SealedCache(below, key: [UInt8](repeating: 9, count: 32)) }

    @Test("neither names nor values can be read below")
    func unreadable() async {
        await cache.store([SharedEntry("the name", Array("the value".utf8), life: .seconds(9))])
        let text = below.values.withLock { $0.map { "\($0)" + String(decoding: $1, as: UTF8.self) }.joined() }
        #expect(!text.isEmpty)
        #expect(!text.contains("name") && !text.contains("value"))
    }

    @Test("equal values look different, and so does one value stored twice")
    func fresh() async {
        await cache.store([SharedEntry("a", [1], life: .seconds(9)), SharedEntry("b", [1], life: .seconds(9))])
        let first = below.values.withLock { Array($0.values) }
        await cache.store([SharedEntry("a", [1], life: .seconds(9))])
        let second = below.values.withLock { Array($0.values) }
        #expect(Set(first + second).count == 3)
    }

    @Test("a value with any bit changed, cut, or moved to another name is not found")
    func unforgeable() async {
        await cache.store([SharedEntry("a", [1, 2, 3], life: .seconds(9)), SharedEntry("b", [4], life: .seconds(9))])
        let sound = below.values.withLock { $0 }
        guard let (name, value) = sound.first(where: { $1.count == 31 }) else {
            Issue.record("there is no such value")
            return
        }
        for place in value.indices {
            var damaged = value
            damaged[place] ^= 1
            below.values.withLock { $0[name] = damaged }
            let found = await cache.value(for: "a")
            #expect(found == nil)
        }
        for other in [Array(value.dropLast()), [], sound.first { $0.key != name }?.value ?? []] {
            below.values.withLock { $0[name] = other }
            let found = await cache.value(for: "a")
            #expect(found == nil)
        }
        below.values.withLock { $0 = sound }
        let found = await cache.value(for: "a")
        #expect(found == [1, 2, 3])
    }

    @Test("another key finds nothing")
    func otherKey() async {
        await cache.store([SharedEntry("a", [1], life: .seconds(9))])
        let found = await SealedCache(below, key: [UInt8](repeating: 8, count: 32)).value(for: "a")
        #expect(found == nil)
    }

    @Test("hits and misses are counted")
    func counted() async {
        let cache = cache
        await cache.store([SharedEntry("a", [1], life: .seconds(9))])
        _ = await cache.values(for: ["a", "b", "a"])
        #expect(cache.statistics.hits == 2)
        #expect(cache.statistics.misses == 1)
    }
}
