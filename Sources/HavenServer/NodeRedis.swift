// SPDX-License-Identifier: Apache-2.0
import Access
package import Cache
import HTTPSupport
import Logging
import ServiceLifecycle

/// What a node shares with others by a Redis. Nothing in it is needed: it makes things faster and prompter.
package struct NodeRedis: Sendable {
    package let client: RedisClient
    /// Everything that is kept there goes through this.
    package let cache: SealedCache
    package let wakeups: RedisWakeups

    /// Makes the parts; nothing connects before they are run.
    ///
    /// - Throws: ``StartFault/file(_:)`` when the file with authorities cannot be used.
    init(_ configuration: RedisConfiguration, secretKey: SecretKey, logger: Logger) throws(StartFault) {
        do {
            client = try RedisClient(configuration, logger: logger)
            cache = SealedCache(RedisSharedCache(client), key: secretKey.derived(for: "shared cache v1"))
            // A name that clusters with other secrets do not have: channels belong to the whole server.
            let name = secretKey.derived(for: "wake-ups v1").prefix(8).map { String($0, radix: 16) }.joined()
            wakeups = try RedisWakeups(
                configuration, publisher: client, channel: "haven:wakeups:\(name)", logger: logger)
        } catch {
            throw .file("redis_ca_file cannot be used: \(error)")
        }
    }
}

/// Keeps a node's connections to Redis until the server has ended.
struct RedisLinks: Service {
    let redis: NodeRedis

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await redis.client.run() }
                group.addTask { await redis.wakeups.run() }
            }
        }
    }
}

extension NodeRedis {
    func declareMetrics(in metrics: MetricsRegistry) {
        let (client, cache, wakeups) = (client, cache, wakeups)
        metrics.gauge("haven_cache_redis_connected", "1 while Redis answers, 0 while it is left alone.") {
            client.isConnected ? 1 : 0
        }
        metrics.gauge("haven_cache_redis_listening", "1 while messages of other nodes are heard.") {
            wakeups.isListening ? 1 : 0
        }
        metrics.counter("haven_cache_redis_calls_total", "Commands sent to Redis.") {
            Double(client.statistics.calls)
        }
        metrics.counter("haven_cache_redis_failures_total", "Commands without an answer in time, or refused.") {
            Double(client.statistics.failures)
        }
        metrics.counter("haven_cache_redis_skipped_total", "Commands not sent because Redis was left alone.") {
            Double(client.statistics.refused)
        }
        metrics.counter("haven_cache_redis_connections_total", "Connections made to Redis.") {
            Double(client.statistics.connections)
        }
        metrics.counter("haven_cache_shared_hits_total", "Values found in the cache that nodes share.") {
            Double(cache.statistics.hits)
        }
        metrics.counter("haven_cache_shared_misses_total", "Values not found in the cache that nodes share.") {
            Double(cache.statistics.misses)
        }
    }
}
