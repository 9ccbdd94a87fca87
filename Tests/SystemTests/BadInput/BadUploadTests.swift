// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension BadInput {
    @Suite("uploads") struct BadUploadTests {
        let bench: Bench
        let blob = TestBlob.random(100_000)
        init() throws { bench = try Bench() }

        @Test("a body shorter than its Content-Length is no blob")
        func shortBody() async throws {
            let target = try await bench.begin().adding("digest=\(blob.digest)")
            let answer = try await bench.raw(
                "PUT", target, ["Content-Length: \(blob.size)"], body: Array(blob.bytes.prefix(60_000)),
                closingAfter: true)
            if let answer { #expect((400...499).contains(answer.status)) }
            #expect(try await bench.head("blobs/\(blob.digest)").status == 404)
            let prefix = TestBlob(Array(blob.bytes.prefix(60_000)))
            #expect(try await bench.head("blobs/\(prefix.digest)").status == 404)
        }

        @Test("a client that closes in the middle of a PATCH can go on from what the server kept")
        func interrupted() async throws {
            let location = try await bench.begin()
            _ = try await bench.raw(
                "PATCH", location, ["Content-Length: \(blob.size)"], body: Array(blob.bytes.prefix(60_000)),
                closingAfter: true)
            let kept = try await settled(location)
            #expect(kept <= 60_000)
            let rest = Array(blob.bytes[kept...])
            let patched = try await bench.client.send(
                "PATCH", location, ["Content-Range": "\(kept)-\(blob.size - 1)"], body: rest)
            #expect(patched.status == 202, "\(patched)")
            let put = try await bench.client.send(
                "PUT", try #require(patched["location"]).adding("digest=\(blob.digest)"))
            #expect(put.status == 201)
            #expect(try await bench.get("blobs/\(blob.digest)").body == blob.bytes)
        }

        @Test(
            "a chunk whose Content-Range does not fit its length is refused and changes nothing",
            arguments: ["0-10", "0-200000", "5-4", "0", "a-b", "-5", "0-99999999999999999999", "bytes 0-99998/*"])
        func lyingRange(_ range: String) async throws {
            let location = try await bench.begin()
            let answer = try await bench.client.send("PATCH", location, ["Content-Range": range], body: blob.bytes)
            expectRefused(
                answer, [400, 416], ["BLOB_UPLOAD_INVALID", "RANGE_INVALID", "SIZE_INVALID"])
            let put = try await bench.client.send("PUT", location.adding("digest=\(blob.digest)"), body: blob.bytes)
            #expect(put.status == 201, "\(put)")
        }

        @Test("bytes after the announced length are not part of the blob")
        func longBody() async throws {
            let target = try await bench.begin().adding("digest=\(blob.digest)")
            let answer = try await bench.raw(
                "PUT", target, ["Content-Length: \(blob.size)"], body: blob.bytes + [1, 2, 3])
            #expect(answer?.status == 201)
            #expect(try await bench.get("blobs/\(blob.digest)").body == blob.bytes)
        }

        @Test(
            "contradicting or malformed lengths are refused",
            arguments: [
                ["Content-Length: 10", "Content-Length: 20"], ["Content-Length: -1"], ["Content-Length: x"],
                ["Content-Length: 5", "Transfer-Encoding: chunked"], ["Transfer-Encoding: gzip"],
                ["Content-Length: 99999999999999999999"],
            ])
        func lengths(_ headers: [String]) async throws {
            let target = try await bench.begin().adding("digest=\(blob.digest)")
            let answer = try await bench.raw("PUT", target, headers, body: Array("hello".utf8), closingAfter: true)
            if let answer { #expect((400...501).contains(answer.status), "\(answer)") }
            #expect(try await bench.head("blobs/\(blob.digest)").status == 404)
        }

        @Test("an upload is unknown in another repository, and to another user")
        func foreign() async throws {
            let location = try await bench.begin()
            let identifier = try #require(location.split(separator: "?").first?.split(separator: "/").last)
            let other = try Bench()
            try await other.push(.random(10))
            for method in ["GET", "PATCH", "PUT", "DELETE"] {
                let answer = try await other.client.send(
                    method, other.path("blobs/uploads/\(identifier)").adding("digest=\(blob.digest)"),
                    body: method == "GET" ? nil : blob.bytes)
                expectRefused(answer, [404], ["BLOB_UPLOAD_UNKNOWN"])
            }
            let haven = try HavenProcess.current
            let name = "u\(UInt32.random(in: .min ... .max))"
            try await haven.command("user", "create", name, "--password-stdin", input: "Secret-12345\n")
            try await haven.command("project", "member", "set", "library", name, "write")
            let stranger = RegistryClient(haven.url, user: name, password: "Secret-12345")
            expectRefused(try await stranger.send("GET", location), [404], ["BLOB_UPLOAD_UNKNOWN"])
            expectRefused(
                try await stranger.send("PATCH", location, body: blob.bytes), [404], ["BLOB_UPLOAD_UNKNOWN"])
            #expect(try await bench.client.send("GET", location).status == 204)
        }

        @Test(
            "a guessed or malformed upload is unknown",
            arguments: [
                "00000000000000000000000000000000", "11111111-2222-3333-4444-555555555555", "x", "%00", "..%2f..",
                String(repeating: "f", count: 5_000), "-1",
            ])
        func guessed(_ identifier: String) async throws {
            try await bench.push(.random(10))
            for method in ["GET", "PATCH", "PUT", "DELETE"] {
                let answer = try await bench.raw(
                    method, bench.path("blobs/uploads/\(identifier)").adding("digest=\(blob.digest)"))
                expectRefused(answer, [400, 404, 414])
            }
        }

        @Test("a finished upload cannot be used again")
        func finished() async throws {
            let location = try await bench.begin()
            let target = location.adding("digest=\(blob.digest)")
            #expect(try await bench.client.send("PUT", target, body: blob.bytes).status == 201)
            expectRefused(
                try await bench.client.send("PATCH", location, body: [1, 2, 3]), [404], ["BLOB_UPLOAD_UNKNOWN"])
            #expect(try await bench.get("blobs/\(blob.digest)").body == blob.bytes)
        }

        @Test("two clients that send to one upload at once leave no mixed blob")
        func concurrent() async throws {
            let location = try await bench.begin()
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<4 {
                    group.addTask { [bench, blob] in
                        try await bench.client.send(
                            "PATCH", location, ["Content-Range": "0-\(blob.size - 1)"], body: blob.bytes)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.contains { $0.status == 202 })
            #expect(answers.allSatisfy { [202, 400, 404, 409, 416, 429].contains($0.status) }, "\(answers)")
            let state = try await bench.client.send("GET", location)
            let put = try await bench.client.send(
                "PUT", try #require(state["location"]).adding("digest=\(blob.digest)"))
            #expect(put.status == 201, "\(put)")
            #expect(try await bench.get("blobs/\(blob.digest)").body == blob.bytes)
        }

        @Test(
            "a malformed Range is ignored or refused",
            arguments: [
                "bytes", "bytes=", "bytes=a-b", "bytes=-", "bytes=1-2-3", "bytes=99999999999999999999-", "bytes=--1",
                "bytes=0-99999999999999999999", "bytes=0-0,", "=", "\u{e9}",
            ])
        func ranges(_ range: String) async throws {
            let blob = TestBlob.random(100)
            try await bench.push(blob)
            let answer = try await bench.get("blobs/\(blob.digest)", ["Range": range])
            #expect([200, 206, 400, 416].contains(answer.status), "\(answer)")
            if answer.status == 200 || range.hasPrefix("bytes=0-99") { #expect(answer.body == blob.bytes) }
        }

        /// The number of bytes the server kept, once the broken request has ended there.
        private func settled(_ location: String) async throws -> Int {
            var kept = 0
            let done = try await eventually {
                let state = try await bench.client.send("GET", location)
                guard state.status == 204, let range = state["range"]?.split(separator: "-").last else { return false }
                kept = (Int(range) ?? 0) == 0 ? 0 : (Int(range) ?? 0) + 1
                let probe = try await bench.client.send("GET", location)
                return probe["range"] == state["range"]
            }
            try #require(done)
            return kept
        }
    }
}
