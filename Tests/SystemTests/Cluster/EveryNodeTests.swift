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
                var stale: [Int] = []
                for turn in 0..<1_000 {
                    let layer = TestBlob("layer \(turn)")
                    let manifest = Self.manifest(config, layer)
                    let (pusher, puller) = (cluster.clients[turn % 2], cluster.clients[(turn + 1) % 2])
                    let sent = try await pusher.send(
                        "POST", "/v2/library/fresh/blobs/uploads/?digest=\(layer.digest)", body: layer.bytes,
                        as: .verbatim(token))
                    let put = try await pusher.send(
                        "PUT", "/v2/library/fresh/manifests/latest", ["Content-Type": TestMediaType.manifest],
                        body: manifest.bytes, as: .verbatim(token))
                    try #require(sent.status == 201 && put.status == 201, "\(sent)\n\(put)")
                    let got = try await puller.send(
                        "GET", "/v2/library/fresh/manifests/latest", ["Accept": "*/*"], as: .verbatim(token))
                    let bytes = try await puller.send(
                        "GET", "/v2/library/fresh/blobs/\(layer.digest)", as: .verbatim(token))
                    if got.body != manifest.bytes || bytes.body != layer.bytes { stale.append(turn) }
                }
                #expect(stale == [])
            }
        }

        /// An image of one layer.
        private static func manifest(_ config: TestBlob, _ layer: TestBlob) -> TestBlob {
            let fields = [
                #""schemaVersion":2"#, #""mediaType":"\#(TestMediaType.manifest)""#,
                #""config":\#(config.descriptor(TestMediaType.config))"#,
                #""layers":[\#(layer.descriptor(TestMediaType.layer))]"#,
            ]
            return TestBlob("{\(fields.joined(separator: ","))}")
        }
    }
}
