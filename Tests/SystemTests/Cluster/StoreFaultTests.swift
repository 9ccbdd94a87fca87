// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension ClusterTests {
    /// The store misbehaves under load: the rows F11 to F14 of the fault matrix, on real stores behind a proxy.
    @Suite struct StoreFaultTests {
        @Test(
            "F11: while the store answers one request in ten with 503, pushes are done or fail cleanly, and no pull fails",
            arguments: ClusterPair.behindHTTP(.init(.postgresql, .s3), .init(.galera, .swift)))
        func unavailable(_ pair: ClusterPair) async throws {
            let outcome = try await trial("F11", pair, .unavailable(percent: 10))
            #expect(outcome.violations == [])
            #expect(outcome.pulls.failedPulls == 0)
        }

        @Test(
            "F11: while the store answers nothing but 503, blobs are told to come back, and manifests are pulled",
            arguments: ClusterPair.behindHTTP(.init(.postgresql, .swift)))
        func away(_ pair: ClusterPair) async throws {
            let outcome = try await trial("F11 (away)", pair, .unavailable(percent: 100)) { cluster in
                let image = TestImage.make()
                let token = try await cluster.token(["repository:library/steady:pull,push"])
                let push = try await cluster.clients[0].send(
                    "POST", "/v2/library/steady/blobs/uploads/?digest=\(image.config.digest)",
                    body: image.config.bytes, as: .verbatim(token))
                #expect(push.status == 503 && push["retry-after"] != nil, "\(push)")
                try await pullManifests(cluster)
            }
            #expect(outcome.violations == [])
        }

        @Test(
            "F12: while the store is slow, what needs no bytes is answered, and everything ends well",
            arguments: ClusterPair.behindHTTP(.init(.galera, .s3)))
        func slow(_ pair: ClusterPair) async throws {
            let outcome = try await trial("F12", pair, .slow(.milliseconds(500))) { cluster in
                try await pullManifests(cluster)
            }
            #expect(outcome.violations == [])
            #expect(outcome.pulls.failedPulls == 0)
        }

        @Test(
            "F13: bytes that break off never look like a whole blob, and pulls and pushes go on when the store is well",
            arguments: ClusterPair.behindHTTP(.init(.postgresql, .s3), .init(.galera, .swift)))
        func truncated(_ pair: ClusterPair) async throws {
            let outcome = try await trial("F13", pair, .truncated(after: 20_000))
            #expect(outcome.violations == [])
        }

        @Test(
            "F13: a blob whose bytes come wrong from the store is cut off and told to pushers as absent, and pushing it again heals it",
            arguments: ClusterPair.behindHTTP(.init(.postgresql, .s3), .init(.postgresql, .swift)))
        func corrupt(_ pair: ClusterPair) async throws {
            try await withProxiedCluster(of: 2, on: pair) { cluster, proxy in
                let blob = TestBlob.random(300_000)
                try await cluster.clients[0].push(blob, to: "library/app")
                proxy.set(.corrupt(at: 100_000))
                for client in cluster.clients {
                    await #expect(throws: (any Error).self) {
                        try await client.send("GET", "/v2/library/app/blobs/\(blob.digest)")
                    }
                }
                #expect(proxy.struck >= 2)
                proxy.set(.pass)
                for client in cluster.clients {
                    let isAbsent = try await eventually {
                        try await client.send("HEAD", "/v2/library/app/blobs/\(blob.digest)").status == 404
                    }
                    #expect(isAbsent, "a pusher is told to bring it")
                }
                try await cluster.clients[0].push(blob, to: "library/app")
                for client in cluster.clients {
                    let answer = try await client.send("GET", "/v2/library/app/blobs/\(blob.digest)")
                    #expect(answer.body == blob.bytes)
                }
                _ = try await cluster.nodes[0].verify(rehash: true)
                print("F13 (wrong bytes, \(pair)): failed requests: 2, none of them with a clean end")
            }
        }

        @Test(
            "F14: a blob that the store lost is told to pushers as absent, and pushing it again heals every node",
            arguments: ClusterPair.some(
                .init(.postgresql, .filesystem), .init(.galera, .swift)))
        func lost(_ pair: ClusterPair) async throws {
            try await withTemporaryFolder { folder in
                let place = pair.database.settings(try await pair.database.make())
                let settings = place.merging(try await pair.store.settings(in: folder)) { $1 }
                try await withCluster(of: 2, on: settings) { cluster in
                    let image = TestImage.make(layers: [.random(50_000)])
                    try await cluster.clients[0].push(image, to: "library/app", at: "v1")
                    let lost = image.layers[0]
                    try await pair.store.lose(lost, in: folder)
                    let start = ContinuousClock.now
                    let path = "/v2/library/app/blobs/\(lost.digest)"
                    #expect(try await cluster.clients[1].send("GET", path).status == 404)
                    for client in cluster.clients {
                        #expect(try await client.send("HEAD", path).status == 404, "a pusher is told to bring it")
                    }
                    try await cluster.clients[0].push(lost, to: "library/app")
                    for client in cluster.clients {
                        #expect(try await client.send("GET", path).body == lost.bytes)
                    }
                    let pause = ContinuousClock.now - start
                    _ = try await cluster.nodes[0].verify(rehash: true)
                    print("F14 (\(pair)): failed requests: 1, longest pause: \(pause.inSeconds) s")
                }
            }
        }

        /// A manifest is a row: it comes whatever becomes of blobs.
        private func pullManifests(_ cluster: HavenCluster) async throws {
            let token = try await cluster.token(["repository:library/steady:pull"])
            for turn in 0..<20 {
                let answer = try await cluster.clients[turn % 2].send(
                    "GET", "/v2/library/steady/manifests/tag0", ["Accept": "*/*"], as: .verbatim(token))
                #expect(answer.status == 200, "\(answer)")
            }
        }

        private func trial(
            _ name: String, _ pair: ClusterPair, _ fault: StoreProxy.Fault,
            _ look: (HavenCluster) async throws -> Void = { _ in }
        ) async throws -> FaultTrial.Outcome {
            try await withProxiedCluster(of: 2, on: pair) { cluster, proxy in
                let trial = FaultTrial("\(name) (\(pair))", on: cluster)
                return try await trial.run(recovery: .seconds(60)) { _ in
                    proxy.set(fault)
                    try await look(cluster)
                    let isStruck = try await eventually(within: .seconds(60)) { proxy.struck >= 20 }
                    #expect(isStruck, "the fault met nobody")
                    proxy.set(.pass)
                }
            }
        }
    }
}
