// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension ClusterTests {
    /// Redis fails under load: the row F10 of the fault matrix.
    @Suite struct CacheFaultTests {
        @Test(
            "F10: with Redis killed or hung under load everything works, and no client hears of it",
            arguments: [true, false], ClusterPair.some(.init(.postgresql, .filesystem)))
        func lost(isKilled: Bool, _ pair: ClusterPair) async throws {
            try await withRedis { redis in
                let settings = ["redis_url": "127.0.0.1:\(redis.port)"]
                try await withCluster(of: 2, on: pair, settings: settings) { cluster in
                    for node in cluster.nodes {
                        let isUsed = try await eventually { try await node.metric("haven_cache_redis_connected") == 1 }
                        #expect(isUsed)
                    }
                    let trial = FaultTrial("F10 (\(isKilled ? "killed" : "hung"), \(pair))", on: cluster)
                    let outcome = try await trial.run(isTolerant: false) { _ in
                        if isKilled { try await redis.kill() } else { redis.pause() }
                        for node in cluster.nodes {
                            let isSeen = try await eventually {
                                try await node.metric("haven_cache_redis_connected") == 0
                            }
                            #expect(isSeen)
                        }
                    }
                    #expect(outcome.violations == [])
                    #expect(outcome.pulls.failedPulls == 0)
                    #expect(outcome.pulls.failedRequests == 0)
                    #expect(outcome.pushes["broken", default: 0] == 0)
                }
            }
        }
    }
}
