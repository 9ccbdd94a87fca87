// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TestKit
import Testing

/// A whole server with a Redis that dies, hangs and comes back while clients pull and push.
@Suite(.serialized) struct RedisLossTests {
    /// What must happen before the next blow: some work by every client.
    private static let rounds = 4

    private func withLoad(
        _ settings: [String: String], _ body: (HavenProcess, RedisLoad) async throws -> Void
    ) async throws {
        try await withHaven(settings: settings) { haven in
            let isUsed = try await eventually { try await haven.metric("haven_cache_redis_connected") == 1 }
            #expect(isUsed)
            let load = RedisLoad(haven, clients: 4)
            let running = Task { await load.run() }  // cancelled and awaited below
            do {
                try await body(haven, load)
            } catch {
                running.cancel()
                await running.value
                throw error
            }
            running.cancel()
            await running.value
            #expect(load.failures == [])
        }
    }

    @Test("losing Redis in the middle of a load of pulls and pushes fails no request")
    func loss() async throws {
        try await withRedis(.init(password: "secret")) { redis in
            try await withLoad(["redis_url": "127.0.0.1:\(redis.port),100,secret"]) { haven, load in
                try await load.waitForRounds(Self.rounds)
                let used = try await haven.metric("haven_cache_redis_calls_total")
                #expect(used > 0)
                for _ in 0..<2 {
                    redis.pause()
                    try await load.waitForRounds(Self.rounds)
                    let isNoticed = try await eventually { try await haven.metric("haven_cache_redis_connected") == 0 }
                    #expect(isNoticed)
                    redis.resume()
                    try await backAndInUse(haven, load)
                    try await redis.kill()
                    try await load.waitForRounds(Self.rounds)
                    try await redis.start()
                    try await backAndInUse(haven, load)
                }
            }
        }
    }

    @Test("a failover of Redis by its sentinels fails no request, and the new primary is used")
    func failover() async throws {
        try await withRedisSentinels { redis in
            let hosts = redis.ports.map { "127.0.0.1:\($0)" }.joined(separator: ",")
            let settings = [
                "redis_url": "\(hosts),100,\(RedisSentinels.password)", "redis_sentinel_master": RedisSentinels.master,
                "redis_sentinel_password": RedisSentinels.sentinelPassword,
            ]
            try await withLoad(settings) { haven, load in
                try await load.waitForRounds(Self.rounds)
                try await redis.servers[0].kill()
                try await redis.waitUntilPrimary(redis.servers[1])
                try await backAndInUse(haven, load)
                let isFilled = try await eventually { try await redis.servers[1].command("DBSIZE") != "0" }
                #expect(isFilled)
                try await load.waitForRounds(Self.rounds)
            }
        }
    }

    /// Waits until Redis answers again and is asked.
    private func backAndInUse(_ haven: HavenProcess, _ load: RedisLoad) async throws {
        let isBack = try await eventually(within: .seconds(60)) {
            try await haven.metric("haven_cache_redis_connected") == 1
        }
        #expect(isBack)
        let before = try await haven.metric("haven_cache_redis_calls_total")
        let isAsked = try await eventually { try await haven.metric("haven_cache_redis_calls_total") > before }
        #expect(isAsked)
    }

    @Test("health names Redis when it does not answer, and the service stays available; the doctor says why")
    func health() async throws {
        try await withRedis(.init(password: "hunter2hunter2")) { redis in
            try await withHaven(settings: ["redis_url": "127.0.0.1:\(redis.port),100,hunter2hunter2"]) { haven in
                func status() async throws -> (http: Int, redis: String?) {
                    let answer = try await haven.client.send("GET", "/api/v2.0/health", as: .none)
                    let components = answer.json?["components"] as? [[String: Any]]
                    return (answer.status, components?.first { $0["name"] as? String == "redis" }?["status"] as? String)
                }
                let isHealthy = try await eventually { try await status().redis == "healthy" }
                #expect(isHealthy)
                let good = try await haven.command("doctor")
                #expect(good.contains("127.0.0.1:\(redis.port) lets us in and answers"))
                try await redis.kill()
                let isNoticed = try await eventually { try await status().redis == "unhealthy" }
                #expect(isNoticed)
                #expect(try await status().http == 200)
                let ready = try await haven.client.send("GET", "/healthz", as: .none)
                #expect(ready.status == 200)
                let bad = try await haven.command("doctor")
                #expect(bad.contains("127.0.0.1:\(redis.port) cannot be used"))
                #expect(!bad.contains("hunter2") && !haven.log.contains("hunter2"))
            }
        }
    }

    @Test("a server starts and serves while the Redis of its settings is not there")
    func absent() async throws {
        try await withHaven(settings: ["redis_url": "127.0.0.1:\(try freePort())"]) { haven in
            let image = TestImage.make()
            try await haven.client.push(image, to: "library/app", at: "v1")
            let pulled = try await haven.client.send("GET", "/v2/library/app/manifests/v1")
            #expect(pulled.body == image.manifest.bytes)
        }
    }

    @Test("what lies in Redis shows neither manifests nor tokens nor names")
    func sealed() async throws {
        try await withRedis { redis in
            try await withHaven(settings: ["redis_url": "127.0.0.1:\(redis.port)"]) { haven in
                let isUsed = try await eventually { try await haven.metric("haven_cache_redis_connected") == 1 }
                #expect(isUsed)
                let image = TestImage.make()
                try await haven.client.push(image, to: "library/app", at: "v1")
                _ = try await haven.client.send("GET", "/v2/library/app/manifests/v1")
                let isFilled = try await eventually { try await redis.command("DBSIZE") != "0" }
                #expect(isFilled)
                let keys = try await redis.command("KEYS", "*").split(separator: "\n").map(String.init)
                var shown = keys.joined()
                for key in keys { shown += try await redis.command("GET", key) }
                for secret in ["schemaVersion", "library", "eyJ", String(image.manifest.digest.suffix(64)), "admin"] {
                    #expect(!shown.contains(secret), "\(secret)")
                }
            }
        }
    }
}

/// Clients that push and pull images, each time with a new token, and write down every request that went wrong.
private final class RedisLoad: Sendable {
    private let haven: HavenProcess
    private let state: Mutex<(rounds: [Int], failures: [String])>

    init(_ haven: HavenProcess, clients: Int) {
        self.haven = haven
        state = Mutex((Array(repeating: 0, count: clients), []))
    }

    var failures: [String] { state.withLock { $0.failures } }

    func run() async {
        let clients = state.withLock { $0.rounds.indices }
        await withTaskGroup { group in
            for number in clients { group.addTask { await self.work(number) } }
        }
    }

    /// Waits until every client has done so many rounds more.
    func waitForRounds(_ count: Int) async throws {
        let before = state.withLock { $0.rounds }
        let isDone = try await eventually(within: .seconds(120)) {
            let now = state.withLock { $0.rounds }
            return zip(now, before).allSatisfy { $0 >= $1 + count } || !failures.isEmpty
        }
        guard isDone else { throw ToolFailure(what: "the load does not go on: \(before)") }
    }

    private func work(_ number: Int) async {
        while !Task.isCancelled {
            do {
                // A new client has no token yet, so each round brings tokens that no node has seen.
                try await round(haven.client, "library/load\(number)")
                state.withLock { $0.rounds[number] += 1 }
            } catch is CancellationError {
                return
            } catch {
                if Task.isCancelled { return }
                state.withLock { $0.failures.append("\(error)") }
            }
        }
    }

    private func round(_ client: RegistryClient, _ repository: String) async throws {
        let image = TestImage.make()
        try await client.push(image, to: repository, at: "latest")
        for reference in ["latest", image.manifest.digest] {
            let answer = try await client.send("GET", "/v2/\(repository)/manifests/\(reference)")
            guard answer.status == 200, answer.body == image.manifest.bytes else {
                throw ToolFailure(what: "pull of \(reference): \(answer)")
            }
        }
        for blob in image.blobs {
            let answer = try await client.send("GET", "/v2/\(repository)/blobs/\(blob.digest)")
            guard answer.status == 200, answer.body == blob.bytes else {
                throw ToolFailure(what: "pull of a blob: \(answer)")
            }
        }
    }
}
