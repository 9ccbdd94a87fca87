// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension ClusterTests {
    /// Collectors on all nodes and beside them while clients push: the rows F19 and F20 of the fault matrix.
    @Suite struct CollectorTests {
        /// How long the soak runs, in seconds: `HAVEN_SOAK_SECONDS`, or three minutes.
        private static let soak =
            ProcessInfo.processInfo.environment["HAVEN_SOAK_SECONDS"].flatMap { Int($0) } ?? 180
        /// A lease that ends often, and is still long enough for a slow machine to push an image within it.
        private static let lease = Duration.seconds(10)
        private static let settings = [
            "gc_interval": "500ms", "lease_life": "10s", "upload_life": "20s", "read_grace": "2s",
            // The load has one token for all of it.
            "token_expiration": "12h",
        ]

        @Test(
            "F19: minutes of pushes, mounts, retags and deletes beside collectors on every node lose no blob, and no garbage stays",
            arguments: ClusterPair.some(.init(.galera, .filesystem)))
        func soak(_ pair: ClusterPair) async throws {
            try await withCluster(of: 3, on: pair, settings: Self.settings) { cluster in
                let trial = FaultTrial("F19 (\(pair), \(Self.soak) s)", on: cluster, lease: Self.lease)
                let outcome = try await trial.run(isTolerant: false) { trial in
                    let end = ContinuousClock.now + .seconds(Self.soak)
                    while ContinuousClock.now < end { try await trial.runCollectors() }
                }
                #expect(outcome.violations == [])
                #expect(outcome.pulls.failedPulls == 0)
                try await expectTidy(cluster, outcome)
            }
        }

        @Test(
            "F20: a collector that is killed at any step, beside others, takes no live blob, and the others end its work",
            arguments: ClusterPair.some(.init(.postgresql, .s3)))
        func killed(_ pair: ClusterPair) async throws {
            try await withCluster(of: 2, on: pair, settings: Self.settings) { cluster in
                let trial = FaultTrial("F20 (\(pair))", on: cluster, lease: Self.lease)
                let outcome = try await trial.run { trial in
                    for point in ["gc.afterSelect", "gc.insideTx", "gc.afterDoom", "gc.afterBytes"] {
                        try await cluster.nodes[1].stop()
                        try await cluster.nodes[1].start(environment: ["HAVEN_FAULT": "\(point):crash@2"])
                        let isDead = try await eventually(within: .seconds(60)) { !cluster.nodes[1].isRunning }
                        #expect(isDead, "\(point) was not reached")
                        try await trial.runCollectors()
                    }
                    try await cluster.nodes[1].start()
                }
                #expect(outcome.violations == [])
                #expect(outcome.pulls.failedPulls == 0)
                try await expectTidy(cluster, outcome)
            }
        }

        /// When leases, uploads and graces are over, nothing is stored but what manifests name.
        private func expectTidy(_ cluster: HavenCluster, _ outcome: FaultTrial.Outcome) async throws {
            var seen: [String: Int] = [:]
            let isTidy = try await eventually(within: .seconds(120), every: .milliseconds(500)) {
                seen = try await cluster.nodes[0].verify()
                return seen["blobs"] == outcome.blobs.count && seen["objects"] == outcome.blobs.count
            }
            #expect(isTidy, "manifests name \(outcome.blobs.count) blobs; there are \(seen)")
        }
    }
}
