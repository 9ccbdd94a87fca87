// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension ClusterTests {
    /// Any request may go to any node at any moment.
    @Suite struct EveryNodeTests {
        @Test(
            "an upload goes on at the other node after every chunk, and ends with the right digest",
            arguments: ClusterPair.all)
        func alternating(_ pair: ClusterPair) async throws {
            try await withCluster(of: 2, on: pair, settings: ["registry_storage_redirect": "on"]) { cluster in
                // One of odd chunks, one of chunks around the smallest part of object stores, one of many small ones.
                let all = [
                    [1, 70_000, 3, 200_001], [5 << 20, (5 << 20) + 1, (5 << 20) - 1],
                    Array(repeating: 1_000, count: 30),
                ]
                for sizes in all {
                    let blob = TestBlob.random(sizes.reduce(0, +))
                    try await push(blob, in: sizes, cluster)
                    for client in cluster.clients {
                        let pulled = try await client.pullBlob(blob.digest, from: "library/chunks")
                        #expect(pulled.body == blob.bytes)
                    }
                }
                try await cluster.nodes[0].command("doctor", "--verify", "--rehash")
            }
        }

        private func push(_ blob: TestBlob, in sizes: [Int], _ cluster: HavenCluster) async throws {
            var location = try await cluster.clients[0].beginUpload(to: "library/chunks")
            var start = 0
            for (turn, size) in sizes.enumerated() {
                let answer = try await cluster.clients[(turn + 1) % 2].send(
                    "PATCH", location, ["Content-Range": "\(start)-\(start + size - 1)"],
                    body: Array(blob.bytes[start..<start + size]))
                #expect(answer.status == 202, "\(answer)")
                start += size
                #expect(answer["range"] == "0-\(start - 1)")
                location = try #require(answer["location"])
            }
            let end = try await cluster.clients[sizes.count % 2].send("PUT", location.adding("digest=\(blob.digest)"))
            #expect(end.status == 201, "\(end)")
        }

        @Test(
            "what is pushed through one node is pulled through the other at once, a thousand times, never stale",
            arguments: ClusterPair.some(.init(.postgresql, .filesystem), .init(.galera, .swift)))
        func neverStale(_ pair: ClusterPair) async throws {
            try await withCluster(of: 2, on: pair) { cluster in
                let token = try await cluster.token(["repository:library/fresh:pull,push"])
                let config = TestBlob("{}")
                try await cluster.clients[0].push(config, to: "library/fresh")
                let stale = try await withThrowingTaskGroup(of: Int.self) { group in
                    for tag in 0..<4 {
                        group.addTask {
                            var stale = 0
                            for turn in 0..<250 {
                                let image = Image("tag\(tag)", TestBlob("layer \(tag) \(turn)"), config)
                                let isFresh = try await Self.push(image, cluster, turn: turn, token)
                                if !isFresh { stale += 1 }
                            }
                            return stale
                        }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(stale == 0)
            }
        }

        /// An image of one layer.
        private struct Image {
            let tag: String
            let layer: TestBlob
            let manifest: TestBlob

            init(_ tag: String, _ layer: TestBlob, _ config: TestBlob) {
                self.tag = tag
                self.layer = layer
                let fields = [
                    #""schemaVersion":2"#, #""mediaType":"\#(TestMediaType.manifest)""#,
                    #""config":\#(config.descriptor(TestMediaType.config))"#,
                    #""layers":[\#(layer.descriptor(TestMediaType.layer))]"#,
                ]
                manifest = TestBlob("{\(fields.joined(separator: ","))}")
            }
        }

        /// Pushes an image through one node and pulls it through the other.
        ///
        /// - Returns: Whether the other showed it at once.
        private static func push(
            _ image: Image, _ cluster: HavenCluster, turn: Int, _ token: String
        ) async throws -> Bool {
            let (pusher, puller) = (cluster.clients[turn % 2], cluster.clients[(turn + 1) % 2])
            let repository = "/v2/library/fresh"
            let sent = try await pusher.send(
                "POST", "\(repository)/blobs/uploads/?digest=\(image.layer.digest)", body: image.layer.bytes,
                as: .verbatim(token))
            let put = try await pusher.send(
                "PUT", "\(repository)/manifests/\(image.tag)", ["Content-Type": TestMediaType.manifest],
                body: image.manifest.bytes, as: .verbatim(token))
            try #require(sent.status == 201 && put.status == 201, "\(sent)\n\(put)")
            let manifest = try await puller.send(
                "GET", "\(repository)/manifests/\(image.tag)", ["Accept": "*/*"], as: .verbatim(token))
            let layer = try await puller.send(
                "GET", "\(repository)/blobs/\(image.layer.digest)", as: .verbatim(token))
            return manifest.body == image.manifest.bytes && layer.body == image.layer.bytes
        }
    }
}
