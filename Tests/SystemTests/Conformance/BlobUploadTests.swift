// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension Conformance {
    /// distribution-spec, "Pushing blobs".
    @Suite("blob uploads") struct BlobUploadTests {
        let bench: Bench
        let blob = TestBlob.random(5_000)
        init() throws { bench = try Bench() }

        @Test("a blob is uploaded by POST and PUT", arguments: Algorithm.allCases)
        func postPut(_ algorithm: Algorithm) async throws {
            let digest = algorithm.digest(blob)
            let location = try await bench.begin()
            let answer = try await bench.client.send("PUT", location.adding("digest=\(digest)"), body: blob.bytes)
            try await expectStored(answer, digest)
        }

        @Test("a blob is uploaded by one POST with its digest", arguments: Algorithm.allCases)
        func postOnly(_ algorithm: Algorithm) async throws {
            let digest = algorithm.digest(blob)
            let answer = try await bench.client.send(
                "POST", bench.path("blobs/uploads/?digest=\(digest)"), body: blob.bytes)
            try await expectStored(answer, digest)
        }

        @Test("a blob is streamed by PATCH without Content-Range", arguments: Algorithm.allCases)
        func streamed(_ algorithm: Algorithm) async throws {
            let digest = algorithm.digest(blob)
            let patched = try await bench.client.send(
                "PATCH", bench.begin(), ["Content-Type": "application/octet-stream"], body: blob.bytes, streamed: true)
            #expect(patched.status == 202)
            #expect(patched["range"] == "0-4999")
            let location = try #require(patched["location"])
            let answer = try await bench.client.send("PUT", location.adding("digest=\(digest)"))
            try await expectStored(answer, digest)
        }

        @Test("a blob is uploaded in chunks with Content-Range", arguments: Algorithm.allCases)
        func chunked(_ algorithm: Algorithm) async throws {
            let digest = algorithm.digest(blob)
            var location = try await bench.begin()
            for range in [0..<2_000, 2_000..<4_000, 4_000..<5_000] {
                let answer = try await patch(location, range)
                #expect(answer.status == 202)
                #expect(answer["range"] == "0-\(range.upperBound - 1)")
                location = try #require(answer["location"])
            }
            let answer = try await bench.client.send("PUT", location.adding("digest=\(digest)"))
            try await expectStored(answer, digest)
        }

        @Test("the closing PUT carries the last chunk", arguments: Algorithm.allCases)
        func lastChunkInPut(_ algorithm: Algorithm) async throws {
            let digest = algorithm.digest(blob)
            let patched = try await patch(bench.begin(), 0..<3_000)
            let location = try #require(patched["location"])
            let answer = try await bench.client.send(
                "PUT", location.adding("digest=\(digest)"), ["Content-Range": "3000-4999"],
                body: Array(blob.bytes[3_000...]))
            try await expectStored(answer, digest)
        }

        @Test("the answer to a new upload gives a relative location, its range and its id")
        func newUpload() async throws {
            let answer = try await bench.client.send("POST", bench.path("blobs/uploads/"))
            #expect(answer.status == 202)
            #expect(answer["location"]?.hasPrefix("/v2/\(bench.name)/blobs/uploads/") == true)
            #expect(answer["range"]?.hasPrefix("0-") == true)
            #expect(answer["docker-upload-uuid"] != nil)
            #expect(answer["content-length"] == "0")
        }

        @Test("a chunk out of order is refused with 416 and the upload goes on from what it has")
        func disordered() async throws {
            let first = try await patch(bench.begin(), 0..<2_000)
            let location = try #require(first["location"])
            for range in [3_000..<5_000, 0..<2_000] {
                #expect(try await patch(location, range).status == 416)
            }
            let state = try await bench.client.send("GET", location)
            #expect(state.status == 204)
            #expect(state["range"] == "0-1999")
            let next = try await patch(try #require(state["location"]), 2_000..<5_000)
            #expect(next.status == 202)
            let answer = try await bench.client.send(
                "PUT", try #require(next["location"]).adding("digest=\(blob.digest)"))
            try await expectStored(answer, blob.digest)
        }

        @Test("a last chunk out of order in the closing PUT is refused with 416 and the upload goes on")
        func disorderedPut() async throws {
            let first = try await patch(bench.begin(), 0..<2_000)
            let location = try #require(first["location"])
            let refused = try await bench.client.send(
                "PUT", location.adding("digest=\(blob.digest)"), ["Content-Range": "3000-4999"],
                body: Array(blob.bytes[3_000...]))
            #expect(refused.status == 416)
            let state = try await bench.client.send("GET", location)
            #expect(state.status == 204)
            #expect(state["range"] == "0-1999")
            let answer = try await bench.client.send(
                "PUT", try #require(state["location"]).adding("digest=\(blob.digest)"),
                ["Content-Range": "2000-4999"], body: Array(blob.bytes[2_000...]))
            try await expectStored(answer, blob.digest)
        }

        @Test("a first chunk that does not start at 0 is refused with 416")
        func disorderedFirst() async throws {
            let location = try await bench.begin()
            #expect(try await patch(location, 2_000..<5_000).status == 416)
            let state = try await bench.client.send("GET", location)
            #expect(state.status == 204)
            #expect(state["range"]?.wholeMatch(of: #/0-\d+/#) != nil)
        }

        @Test("the state of an upload is 204 with Location and Range")
        func state() async throws {
            let location = try await bench.begin()
            let empty = try await bench.client.send("GET", location)
            #expect(empty.status == 204)
            #expect(empty["range"]?.wholeMatch(of: #/0-\d+/#) != nil)
            let patched = try await patch(try #require(empty["location"]), 0..<1_000)
            let state = try await bench.client.send("GET", try #require(patched["location"]))
            #expect(state.status == 204)
            #expect(state["range"] == "0-999")
            #expect(state["location"]?.hasPrefix("/v2/\(bench.name)/blobs/uploads/") == true)
        }

        @Test("DELETE of an upload answers 204 and the upload is gone")
        func cancel() async throws {
            let patched = try await patch(bench.begin(), 0..<1_000)
            let location = try #require(patched["location"])
            #expect(try await bench.client.send("DELETE", location).status == 204)
            let state = try await bench.client.send("GET", location)
            #expect(state.status == 404)
            #expect(state.errorCode == "BLOB_UPLOAD_UNKNOWN")
            #expect(try await patch(location, 1_000..<2_000).status == 404)
        }

        @Test("a wrong digest is refused with 400 at PUT and nothing is stored")
        func wrongDigest() async throws {
            let other = TestBlob.random(5_000)
            let location = try await bench.begin()
            let answer = try await bench.client.send(
                "PUT", location.adding("digest=\(other.digest)"), body: blob.bytes)
            #expect(answer.status == 400)
            #expect(answer.errorCode == "DIGEST_INVALID")
            #expect(try await bench.head("blobs/\(other.digest)").status == 404)
            #expect(try await bench.head("blobs/\(blob.digest)").status == 404)
        }

        @Test("a wrong digest is refused with 400 when the blob came in one POST, in chunks or as a stream")
        func wrongDigestOtherwise() async throws {
            let other = TestBlob.random(10).digest
            let single = try await bench.client.send(
                "POST", bench.path("blobs/uploads/?digest=\(other)"), body: blob.bytes)
            #expect(single.status == 400)
            let chunk = try await patch(bench.begin(), 0..<5_000)
            let chunked = try await bench.client.send("PUT", try #require(chunk["location"]).adding("digest=\(other)"))
            #expect(chunked.status == 400)
            let stream = try await bench.client.send("PATCH", bench.begin(), body: blob.bytes, streamed: true)
            let streamed = try await bench.client.send(
                "PUT", try #require(stream["location"]).adding("digest=\(other)"))
            #expect(streamed.status == 400)
            #expect(try await bench.head("blobs/\(other)").status == 404)
        }

        @Test("an upload that asks for 100-continue gets it and then the answer")
        func expectContinue() async throws {
            let location = try await bench.begin()
            let path =
                location.hasPrefix("/") ? location : String(location.drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" })
            let grant = try await bench.client.token(scopes: ["repository:\(bench.name):pull,push"])
            let token = try #require(grant.json?["token"] as? String)
            let head =
                "PUT \(path.adding("digest=\(blob.digest)")) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                + "Expect: 100-continue\r\nContent-Length: \(blob.size)\r\n\r\n"
            let port = try HavenProcess.current.httpPort
            let interim = try await RawConnection.dialogue(
                port: port, sending: Array(head.utf8), untilReceived: "HTTP/1.1 100", thenSending: blob.bytes)
            #expect(interim?.status == 201)
        }

        /// Sends a part of the blob as a chunk.
        private func patch(_ location: String, _ range: Range<Int>) async throws -> Answer {
            try await bench.client.send(
                "PATCH", location,
                [
                    "Content-Range": "\(range.lowerBound)-\(range.upperBound - 1)",
                    "Content-Type": "application/octet-stream",
                ],
                body: Array(blob.bytes[range]))
        }

        /// The answer that ends an upload, and that the blob is there under the digest the client used.
        private func expectStored(_ answer: Answer, _ digest: String) async throws {
            #expect(answer.status == 201)
            #expect(answer["docker-content-digest"] == digest)
            let location = try #require(answer["location"])
            let read = try await bench.client.send("GET", location)
            #expect(read.status == 200)
            #expect(read.body == blob.bytes)
            #expect(read["docker-content-digest"] == digest)
        }
    }
}
