// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension ClusterTests {
    /// A node dies, or its clock is wrong: the rows F1 to F4 and F16 of the fault matrix.
    @Suite struct NodeFaultTests {
        @Test(
            "F1: kill -9 of a node under load fails no pull, and what was acknowledged is there on the other",
            arguments: ClusterPair.some(.init(.postgresql, .filesystem), .init(.galera, .s3)))
        func nodeKilled(_ pair: ClusterPair) async throws {
            try await withCluster(of: 2, on: pair) { cluster in
                let outcome = try await FaultTrial("F1 (\(pair))", on: cluster).run { _ in
                    try await cluster.nodes[1].kill()
                    try await cluster.nodes[1].start()
                }
                #expect(outcome.violations == [])
                #expect(outcome.pulls.failedPulls == 0)
            }
        }

        @Test(
            "F2: after kill -9 in the middle of a chunk the other node says how far it came, and takes the rest",
            arguments: ClusterPair.some(
                .init(.postgresql, .filesystem), .init(.postgresql, .s3), .init(.galera, .swift)))
        func killedInMidChunk(_ pair: ClusterPair) async throws {
            try await withCluster(of: 2, on: pair) { cluster in
                let blob = TestBlob.random(9 << 20)
                let first = 2 << 20
                var location = try await cluster.clients[0].beginUpload(to: "library/app")
                let answer = try await cluster.clients[0].send("PATCH", location, body: Array(blob.bytes[..<first]))
                #expect(answer.status == 202, "\(answer)")
                location = try #require(answer["location"])
                // The second chunk stands still in its middle, until the node is dead.
                let proxy = try FaultProxy(to: cluster.nodes[0].httpPort)
                defer { proxy.close() }
                proxy.arm(.init(afterBytes: 3 << 20, .toServer, .freeze))
                let token = try await cluster.token(["repository:library/app:pull,push"])
                let (cut, path) = (RegistryClient("http://127.0.0.1:\(proxy.port)"), location)
                let sending = Task {  // awaited below; it ends with the node
                    try await cut.send(
                        "PATCH", path, ["Content-Range": "\(first)-\(blob.size - 1)"],
                        body: Array(blob.bytes[first...]), as: .verbatim(token))
                }
                let isUnderWay = try await eventually { proxy.sprung == 1 }
                #expect(isUnderWay)
                let start = ContinuousClock.now
                try await cluster.nodes[0].kill()
                proxy.cut()
                let isLost = await (try? sending.value) == nil
                #expect(isLost)
                let offset = try await finish(blob, at: location, beyond: first, cluster.clients[1], token)
                let pause = ContinuousClock.now - start
                let pulled = try await cluster.clients[1].pullBlob(blob.digest, from: "library/app")
                #expect(pulled.body == blob.bytes)
                _ = try await cluster.nodes[1].verify(rehash: true)
                print(
                    "F2 (\(pair)): failed requests: 1, longest pause: \(pause.inSeconds) s, went on at \(offset) "
                        + "of \(blob.size) bytes, of which \(first) were acknowledged")
            }
        }

        /// Asks how far an upload came, sends the rest, and closes it.
        ///
        /// - Returns: Where it went on.
        private func finish(
            _ blob: TestBlob, at place: String, beyond acknowledged: Int, _ client: RegistryClient, _ token: String
        ) async throws -> Int {
            var location = place
            let status = try await client.send("GET", location, as: .verbatim(token))
            #expect(status.status == 204, "\(status)")
            let offset = try #require(status["range"]?.split(separator: "-").last.flatMap { Int($0) }) + 1
            #expect(offset >= acknowledged, "what was acknowledged is kept")
            if offset < blob.size {
                let rest = try await client.send(
                    "PATCH", location, ["Content-Range": "\(offset)-\(blob.size - 1)"],
                    body: Array(blob.bytes[offset...]), as: .verbatim(token))
                #expect(rest.status == 202, "\(rest)")
                location = try #require(rest["location"])
            }
            let end = try await client.send("PUT", location.adding("digest=\(blob.digest)"))
            #expect(end.status == 201, "\(end)")
            return offset
        }

        @Test(
            "F3: a node that dies between object and row has acknowledged nothing; the other takes the push",
            arguments: ClusterPair.some(
                .init(.postgresql, .swift), .init(.galera, .filesystem), .init(.galera, .s3)))
        func killedBeforeTheRow(_ pair: ClusterPair) async throws {
            let settings = ["upload_life": "3s", "lease_life": "1h"]
            try await withCluster(of: 2, on: pair, settings: settings) { cluster in
                try await cluster.nodes[0].stop()
                try await cluster.nodes[0].start(environment: ["HAVEN_FAULT": "commit.beforeC3:crash"])
                let blob = TestBlob.random(400_000)
                await #expect(throws: (any Error).self) { try await cluster.clients[0].push(blob, to: "library/app") }
                let isDead = try await eventually { !cluster.nodes[0].isRunning }
                #expect(isDead)
                let start = ContinuousClock.now
                let absent = try await cluster.clients[1].pullBlob(blob.digest, from: "library/app")
                #expect(absent.status == 404)
                try await cluster.clients[1].push(blob, to: "library/app")
                let pause = ContinuousClock.now - start
                #expect(try await cluster.clients[1].pullBlob(blob.digest, from: "library/app").body == blob.bytes)
                // The dead node's copy goes when its upload's time is over.
                let isTidy = try await eventually(within: .seconds(60), every: .milliseconds(500)) {
                    try await cluster.nodes[1].verify()["objects"] == 1
                }
                #expect(isTidy)
                print("F3 (\(pair)): failed requests: 1, longest pause: \(pause.inSeconds) s")
            }
        }

        @Test(
            "F4: a node that dies after the row and before its answer has done the push; sent again it is 201, and once",
            arguments: ClusterPair.some(.init(.postgresql, .s3), .init(.galera, .filesystem)))
        func killedBeforeTheAnswer(_ pair: ClusterPair) async throws {
            try await withCluster(of: 2, on: pair, settings: ["lease_life": "1h"]) { cluster in
                try await cluster.nodes[0].stop()
                try await cluster.nodes[0].start(environment: ["HAVEN_FAULT": "commit.afterC3:crash"])
                let blob = TestBlob.random(400_000)
                let location = try await cluster.clients[0].beginUpload(to: "library/app")
                let target = location.adding("digest=\(blob.digest)")
                await #expect(throws: (any Error).self) {
                    try await cluster.clients[0].send("PUT", target, body: blob.bytes)
                }
                let start = ContinuousClock.now
                let again = try await cluster.clients[1].send("PUT", target, body: blob.bytes)
                #expect(again.status == 201, "\(again)")
                let pause = ContinuousClock.now - start
                #expect(try await cluster.clients[1].pullBlob(blob.digest, from: "library/app").body == blob.bytes)
                #expect(try await cluster.nodes[1].verify()["objects"] == 1)
                print("F4 (\(pair)): failed requests: 1, longest pause: \(pause.inSeconds) s")
            }
        }

        @Test(
            "F4: when the answer to a manifest is lost, the same push through the other node is 201, and moved the tag once",
            arguments: ClusterPair.some(.init(.postgresql, .filesystem), .init(.galera, .swift)))
        func answerLost(_ pair: ClusterPair) async throws {
            try await withCluster(of: 2, on: pair) { cluster in
                let image = TestImage.make()
                for blob in image.blobs { try await cluster.clients[0].push(blob, to: "library/app") }
                let proxy = try FaultProxy(to: cluster.nodes[0].httpPort)
                defer { proxy.close() }
                proxy.arm(.init("201 Created", toClient: .cutBefore))
                let token = try await cluster.token(["repository:library/app:pull,push"])
                let cut = RegistryClient("http://127.0.0.1:\(proxy.port)")
                let start = ContinuousClock.now
                let headers = ["Content-Type": image.mediaType]
                let target = "/v2/library/app/manifests/v1"
                await #expect(throws: (any Error).self) {
                    _ = try await cut.send("PUT", target, headers, body: image.manifest.bytes, as: .verbatim(token))
                }
                #expect(proxy.sprung == 1)
                let again = try await cluster.clients[1].send(
                    "PUT", target, headers, body: image.manifest.bytes, as: .verbatim(token))
                #expect(again.status == 201, "\(again)")
                let pause = ContinuousClock.now - start
                _ = try await cluster.nodes[1].verify()
                let moves = try await pair.database.count("tag_history", in: cluster.database)
                #expect(moves == 1)
                print("F4 (\(pair), manifest): failed requests: 1, longest pause: \(pause.inSeconds) s")
            }
        }

        @Test("a push that is done after its client left is seen by every node at the same moment")
        func clientLeft() async throws {
            try await withCluster(of: 2, on: ClusterPair(.postgresql, .filesystem)) { cluster in
                let (before, after) = (TestImage.make(), TestImage.make())
                try await cluster.clients[0].push(before, to: "library/app", at: "v1")
                for blob in after.blobs { try await cluster.clients[0].push(blob, to: "library/app") }
                let token = try await cluster.token(["repository:library/app:pull,push"])
                let proxy = try FaultProxy(to: cluster.nodes[0].httpPort)
                defer { proxy.close() }
                proxy.arm(.init("PUT /v2/", toServer: .cutAfter))
                let server = try await PostgreSQLServer.shared
                // Nobody writes a tag while it lasts, and everybody reads.
                async let locked = server.sql(
                    "LOCK TABLE tags IN SHARE MODE; SELECT pg_sleep(5)", in: cluster.database)
                let locks = "SELECT COUNT(*) FROM pg_locks WHERE mode = 'ShareLock' AND relation = 'tags'::regclass"
                let isLocked = try await eventually {
                    try await server.sql(locks, in: cluster.database).first == "1"
                }
                #expect(isLocked)
                let cut = RegistryClient("http://127.0.0.1:\(proxy.port)")
                await #expect(throws: (any Error).self) {
                    try await cut.send(
                        "PUT", "/v2/library/app/manifests/v1", ["Content-Type": after.mediaType],
                        body: after.manifest.bytes, as: .verbatim(token))
                }
                for client in cluster.clients {
                    let seen = try await client.send("GET", "/v2/library/app/manifests/v1", ["Accept": "*/*"])
                    #expect(seen.body == before.manifest.bytes, "nobody can have written")
                }
                _ = try await locked
                // What one node has shown once, the other shows from then on.
                let isSeen = try await eventually {
                    let seen = try await cluster.clients[1].send(
                        "GET", "/v2/library/app/manifests/v1", ["Accept": "*/*"])
                    return seen.body == after.manifest.bytes
                }
                #expect(isSeen)
                let seen = try await cluster.clients[0].send("GET", "/v2/library/app/manifests/v1", ["Accept": "*/*"])
                #expect(seen.body == after.manifest.bytes)
            }
        }

        @Test(
            "F16: a node whose clock is wrong by ten minutes, and jumps, loses nothing and lets nobody lose anything",
            arguments: ClusterPair.some(.init(.postgresql, .filesystem), .init(.galera, .swift)))
        func wrongClock(_ pair: ClusterPair) async throws {
            try await withTemporaryFolder { folder in
                let clock = try FakeTime(in: folder, "+10m")
                let second: @Sendable (Int) -> [String: String?] = { $0 == 1 ? clock.environment : [:] }
                try await withCluster(of: 2, on: pair, environment: second) { cluster in
                    let trial = FaultTrial("F16 (\(pair))", on: cluster, usesPassword: true)
                    let outcome = try await trial.run(isTolerant: false) { trial in
                        for shift in [600, -600, 600] {
                            try clock.set("\(shift > 0 ? "+" : "-")10m")
                            let isWrong = try await eventually {
                                abs(try await clockSkew(of: cluster.nodes[1]) - shift) < 60
                            }
                            #expect(isWrong, "the clock does not stand \(shift) s away")
                            try await trial.runCollectors()
                        }
                    }
                    #expect(outcome.violations == [])
                    #expect(outcome.pulls.failedPulls == 0)
                }
            }
        }

        /// How far the clock of a node is ahead of the database's, in seconds, as its own last beat says.
        private func clockSkew(of node: HavenProcess) async throws -> Int {
            let text = try await node.command("node", "list", "-o", "json")
            let nodes = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
            let own = nodes.first { $0["name"] as? String == "node2" }
            return (own?["clock_ms"] as? Int ?? 0) / 1_000
        }
    }
}
