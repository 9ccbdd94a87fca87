// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

@testable import Cache

/// What callers see while a real server hangs, dies and comes back.
@Suite("a Redis that fails", .serialized)
struct RedisFaultTests {
    @Test("by hanging costs the calls under way their deadline, and later ones nothing")
    func hanging() async throws {
        try await withRedis { redis in
            var configuration = redis.configuration
            configuration.timeout = .milliseconds(50)
            try await withRedisClient(configuration) { client in
                let cache = RedisSharedCache(client)
                redis.pause()
                // All that were admitted before the first deadline passed are given up with it.
                let values = await withTaskGroup { group in
                    for _ in 0..<100 { group.addTask { await cache.value(for: "a") } }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(values == Array(repeating: nil, count: 100))
                let before = client.statistics
                #expect(before.failures > 0)
                #expect(!client.isConnected)
                // From now on nothing is sent, however often it is asked: not a single call waits.
                for _ in 0..<1_000 { _ = await cache.value(for: "a") }
                cache.offer([SharedEntry("a", [1], life: .seconds(60))])
                let after = client.statistics
                #expect(after.calls == before.calls)
                #expect(after.refused == before.refused + 1_001)
                redis.resume()
                let isBack = try await eventually(within: .seconds(60)) { client.isConnected }
                #expect(isBack)
                #expect(client.statistics.connections == 2)
            }
        }
    }

    @Test("by answering late never gives one call the reply of another")
    func late() async throws {
        try await withRedis { redis in
            var configuration = redis.configuration
            configuration.timeout = .milliseconds(50)
            try await withRedisClient(configuration) { client in
                for round in 0..<3 {
                    try await redis.command("CLIENT", "PAUSE", "1000")
                    for number in 0..<100 {
                        let text = "\(round) \(number)"
                        let reply = await client.call(RedisCommand("ECHO", text))
                        #expect(reply == nil || reply?.text == text)
                    }
                    let isBack = try await eventually(within: .seconds(60)) {
                        await client.call(RedisCommand("ECHO", "\(round)"))?.text == "\(round)"
                    }
                    #expect(isBack)
                }
                #expect(client.statistics.connections > 1)
            }
        }
    }

    @Test("while nobody calls is noticed before anybody does")
    func idle() async throws {
        try await withRedis { redis in
            var configuration = redis.configuration
            (configuration.timeout, configuration.dialTimeout) = (.milliseconds(50), .milliseconds(200))
            try await withRedisClient(configuration) { client in
                let calls = client.statistics.calls
                redis.pause()
                let isNoticed = try await eventually { !client.isConnected }
                #expect(isNoticed)
                #expect(client.statistics.calls == calls)
                redis.resume()
            }
        }
    }

    @Test("by dying and starting again is used again, empty")
    func restart() async throws {
        try await withRedis { redis in
            try await withRedisClient(redis.configuration) { client in
                let cache = RedisSharedCache(client)
                for round in 1...3 {
                    let isKept = await cache.store([SharedEntry("a", [1], life: .seconds(60))])
                    #expect(isKept)
                    try await redis.kill()
                    let isNoticed = try await eventually { !client.isConnected }
                    #expect(isNoticed)
                    let during = await cache.value(for: "a")
                    #expect(during == nil)
                    try await redis.start()
                    let isBack = try await eventually(within: .seconds(60)) { client.isConnected }
                    #expect(isBack)
                    let found = await cache.value(for: "a")
                    #expect(found == nil, "round \(round)")
                }
            }
        }
    }

    @Test("to be a primary any more is left for the one that is")
    func demoted() async throws {
        try await withRedis { redis in
            try await withRedisClient(redis.configuration) { client in
                try await redis.command("REPLICAOF", "127.0.0.1", "\(try freePort())")
                let isKept = await RedisSharedCache(client).store([SharedEntry("a", [1], life: .seconds(60))])
                #expect(!isKept)
                #expect(!client.isConnected)
                try await redis.command("REPLICAOF", "NO", "ONE")
                let isBack = try await eventually(within: .seconds(60)) {
                    await RedisSharedCache(client).store([SharedEntry("a", [1], life: .seconds(60))])
                }
                #expect(isBack)
            }
        }
    }

    @Test("for want of memory refuses stores and goes on")
    func full() async throws {
        let options = RedisServer.Options(arguments: ["--maxmemory", "2mb", "--maxmemory-policy", "noeviction"])
        try await withRedis(options) { redis in
            try await withRedisClient(redis.configuration) { client in
                let cache = RedisSharedCache(client)
                let large = [UInt8](repeating: 1, count: 900_000)
                var kept: [Bool] = []
                for index in 0..<8 {
                    kept.append(await cache.store([SharedEntry("\(index)", large, life: .seconds(60))]))
                }
                #expect(kept.contains(false))
                #expect(client.isConnected)
                #expect(client.statistics.connections == 1)
            }
        }
    }

    @Test("by a failover is found again at its new place; no call hangs meanwhile")
    func failover() async throws {
        try await withRedisSentinels { redis in
            var configuration = redis.configuration
            configuration.timeout = .seconds(2)
            try await withRedisClient(configuration) { client in
                let cache = RedisSharedCache(client)
                let isKept = await cache.store([SharedEntry("a", [1], life: .seconds(600))])
                #expect(isKept)
                try await redis.servers[0].kill()
                try await redis.waitUntilPrimary(redis.servers[1])
                let isBack = try await eventually(within: .seconds(60)) { client.isConnected }
                #expect(isBack)
                // The first call works, for the client asked the server for its role.
                let isKeptAgain = await cache.store([SharedEntry("b", [2], life: .seconds(600))])
                #expect(isKeptAgain)
                let size = try await redis.servers[1].command("EXISTS", "haven:b")
                #expect(size == "1")
            }
        }
    }

    @Test("by hanging as a primary is left for its successor, also by those who listen")
    func hangingPrimary() async throws {
        try await withRedisSentinels { redis in
            var configuration = redis.configuration
            (configuration.timeout, configuration.dialTimeout) = (.milliseconds(500), .seconds(1))
            try await withRedisWakeups(configuration) { here, there in
                let tally = Tally()
                here.listen(for: .signingKeys) { tally.add() }
                redis.servers[0].pause()
                try await redis.waitUntilPrimary(redis.servers[1])
                let isHeard = try await eventually(within: .seconds(60)) {
                    there.announce(.signingKeys)
                    let count = try await redis.servers[1].command("PUBSUB", "NUMSUB", "haven:wakeups")
                    return tally.count > 0 && count.hasSuffix("2")
                }
                #expect(isHeard)
                redis.servers[0].resume()
            }
        }
    }

    @Test("at the sentinels' password, or at the name that they watch, says which")
    func sentinelFaults() async throws {
        try await withRedisSentinels { redis in
            var configuration = redis.configuration
            configuration.sentinelLogin = RedisLogin(password: "wrong")
            let dialer = try RedisDialer(configuration)
            let wrong = await #expect(throws: RedisFault.self) { _ = try await dialer.connect() }
            #expect("\(wrong ?? .timeout)".contains("WRONGPASS"))
            configuration = redis.configuration
            configuration.place = .sentinels(redis.ports.map { .init(host: "127.0.0.1", port: $0) }, master: "other")
            let other = try RedisDialer(configuration)
            let unknown = await #expect(throws: RedisFault.self) { _ = try await other.connect() }
            #expect("\(unknown ?? .timeout)".contains("no primary named 'other'"))
        }
    }
}
