// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension ClusterTests {
    /// Fifty clients want the same at once, half of them through each node: the rows F17 and F18 of the fault matrix.
    @Suite struct SameThingTests {
        @Test(
            "F17: fifty clients that push one tag through both nodes are all acknowledged, and its history has no gap",
            arguments: ClusterPair.some(.init(.postgresql, .filesystem), .init(.galera, .s3)))
        func oneTag(_ pair: ClusterPair) async throws {
            try await withCluster(of: 2, on: pair) { cluster in
                let images = (0..<50).map { _ in TestImage.make(layers: [.random(500)]) }
                let time = try await together { number in
                    try await cluster.clients[number % 2].push(images[number], to: "library/one", at: "tag")
                }
                var seen: [[UInt8]] = []
                for client in cluster.clients {
                    let answer = try await client.send("GET", "/v2/library/one/manifests/tag", ["Accept": "*/*"])
                    seen.append(answer.body)
                }
                #expect(seen[0] == seen[1])
                let isOneOfThem = images.contains { $0.manifest.bytes == seen[0] }
                #expect(isOneOfThem)
                for image in images {
                    let path = "/v2/library/one/manifests/\(image.manifest.digest)"
                    let answer = try await cluster.clients[0].send("GET", path, ["Accept": "*/*"])
                    #expect(answer.body == image.manifest.bytes)
                }
                // It compares a tag with its history, from the first entry to the last.
                try await cluster.nodes[0].command("doctor", "--verify")
                print("F17 (\(pair)): failed requests: 0 of 50 pushes, all of them done after \(time.inSeconds) s")
            }
        }

        @Test(
            "F17: of fifty clients that create one immutable tag through both nodes exactly one wins",
            arguments: ClusterPair.some(.init(.postgresql, .filesystem), .init(.galera, .filesystem)))
        func immutableTag(_ pair: ClusterPair) async throws {
            try await withCluster(of: 2, on: pair) { cluster in
                try await cluster.nodes[0].command("project", "set", "library", "--immutable-tags", "v*")
                let images = (0..<50).map { _ in TestImage.make(layers: [.random(500)]) }
                for (number, image) in images.enumerated() {
                    for blob in image.blobs { try await cluster.clients[number % 2].push(blob, to: "library/one") }
                }
                let (won, refused) = (Tally(), Tally())
                _ = try await together { number in
                    let image = images[number]
                    let answer = try await cluster.clients[number % 2].put(
                        image.manifest, image.mediaType, to: "library/one", at: "v1")
                    if answer.status == 201 { won.add() }
                    if answer.status == 412 { refused.add() }
                }
                #expect(won.count == 1)
                #expect(refused.count == 49)
                try await cluster.nodes[0].command("doctor", "--verify")
            }
        }

        @Test(
            "F18: fifty clients that push one blob through both nodes are all acknowledged, and one copy stays",
            arguments: ClusterPair.some(.init(.postgresql, .swift), .init(.galera, .filesystem)))
        func oneBlob(_ pair: ClusterPair) async throws {
            // No manifest names the blob, so its lease must outlive the test.
            try await withCluster(of: 2, on: pair, settings: ["lease_life": "1h"]) { cluster in
                let blob = TestBlob.random(300_000)
                let time = try await together { number in
                    try await cluster.clients[number % 2].push(blob, to: "library/one")
                }
                for client in cluster.clients {
                    #expect(try await client.pullBlob(blob.digest, from: "library/one").body == blob.bytes)
                }
                // It counts what the project is charged with, too.
                try await cluster.nodes[0].command("doctor", "--verify")
                // The other copies go with the collector.
                let isOne = try await eventually(within: .seconds(60), every: .milliseconds(500)) {
                    try await cluster.nodes[1].verify()["objects"] == 1
                }
                #expect(isOne)
                #expect(try await cluster.clients[0].pullBlob(blob.digest, from: "library/one").body == blob.bytes)
                print("F18 (\(pair)): failed requests: 0 of 50 pushes, all of them done after \(time.inSeconds) s")
            }
        }

        /// Does something fifty times at once.
        ///
        /// - Returns: How long all of it took.
        private func together(_ body: @escaping @Sendable (Int) async throws -> Void) async throws -> Duration {
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 { group.addTask { try await body(number) } }
                try await group.waitForAll()
            }
            return ContinuousClock.now - start
        }
    }
}
