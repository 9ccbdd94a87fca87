// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension Conformance {
    /// distribution-spec, "Mounting a blob from another repository".
    @Suite("mounts") struct MountTests {
        let source: Bench
        let target: Bench
        let blob = TestBlob.random(3_000)
        init() throws { (source, target) = (try Bench(), try Bench()) }

        @Test("a blob is mounted from another repository with 201 and Location", arguments: Algorithm.allCases)
        func mount(_ algorithm: Algorithm) async throws {
            let digest = algorithm.digest(blob)
            let location = try await source.begin()
            _ = try await source.client.send("PUT", location.adding("digest=\(digest)"), body: blob.bytes)
            let answer = try await post("mount=\(digest)&from=\(source.name)")
            #expect(answer.status == 201)
            #expect(answer["docker-content-digest"] == digest)
            let read = try await target.client.send("GET", try #require(answer["location"]))
            #expect(read.status == 200)
            #expect(read.body == blob.bytes)
        }

        @Test("a mount without a source is answered with an upload or the blob")
        func anonymous() async throws {
            try await source.push(blob)
            let answer = try await post("mount=\(blob.digest)")
            #expect([201, 202].contains(answer.status))
            try await finish(answer)
        }

        @Test("a mount from a repository that lacks the blob becomes an upload that can be finished")
        func missingBlob() async throws {
            try await source.push(.random(10))
            let answer = try await post("mount=\(blob.digest)&from=\(source.name)")
            #expect(answer.status == 202)
            try await finish(answer)
        }

        @Test("a mount from a repository that does not exist becomes an upload that can be finished")
        func missingRepository() async throws {
            let answer = try await post("mount=\(blob.digest)&from=library/never-pushed")
            #expect(answer.status == 202)
            try await finish(answer)
        }

        @Test("a mount from a source with a malformed name becomes an upload or a clear error")
        func malformedSource() async throws {
            let answer = try await post("mount=\(blob.digest)&from=..%2f..%2fetc")
            #expect([202, 400].contains(answer.status))
        }

        @Test("a mounted blob stays when the source deletes its own")
        func independent() async throws {
            try await source.push(blob)
            #expect(try await post("mount=\(blob.digest)&from=\(source.name)").status == 201)
            #expect(try await source.delete("blobs/\(blob.digest)").status == 202)
            #expect(try await source.get("blobs/\(blob.digest)").status == 404)
            #expect(try await target.get("blobs/\(blob.digest)").body == blob.bytes)
        }

        private func post(_ query: String) async throws -> Answer {
            try await target.client.send("POST", target.path("blobs/uploads/?\(query)"))
        }

        private func finish(_ answer: Answer) async throws {
            let location = try #require(answer["location"])
            if answer.status == 202 {
                let put = try await target.client.send(
                    "PUT", location.adding("digest=\(blob.digest)"), body: blob.bytes)
                #expect(put.status == 201)
            }
            #expect(try await target.get("blobs/\(blob.digest)").body == blob.bytes)
        }
    }
}
