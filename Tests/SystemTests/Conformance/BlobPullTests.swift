// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension Conformance {
    /// distribution-spec, "Pulling blobs", and RFC 9110 section 14 for ranges.
    @Suite("blob pulls") struct BlobPullTests {
        let bench: Bench
        init() throws { bench = try Bench() }

        @Test("GET and HEAD of a blob give its exact length, its digest and its bytes")
        func whole() async throws {
            let blob = TestBlob.random(70_000)
            try await bench.push(blob)
            let head = try await bench.head("blobs/\(blob.digest)")
            #expect(head.status == 200)
            #expect(head["content-length"] == "70000")
            #expect(head["docker-content-digest"] == blob.digest)
            #expect(head.body.isEmpty)
            let get = try await bench.get("blobs/\(blob.digest)")
            #expect(get.status == 200)
            #expect(get["content-length"] == "70000")
            #expect(get["docker-content-digest"] == blob.digest)
            #expect(get["accept-ranges"] == "bytes")
            #expect(get.body == blob.bytes)
        }

        @Test("a blob of zero bytes is pushed and pulled")
        func empty() async throws {
            let blob = TestBlob("")
            try await bench.push(blob)
            #expect(try await bench.head("blobs/\(blob.digest)")["content-length"] == "0")
            let get = try await bench.get("blobs/\(blob.digest)")
            #expect(get.status == 200)
            #expect(get["content-length"] == "0")
            #expect(get.body.isEmpty)
        }

        @Test(
            "a range of a blob is answered with 206 and Content-Range",
            arguments: [
                ("bytes=500-1499", 500..<1_500), ("bytes=500-", 500..<2_048), ("bytes=-500", 1_548..<2_048),
                ("bytes=2000-5000", 2_000..<2_048), ("bytes=0-0", 0..<1), ("bytes=-5000", 0..<2_048),
            ])
        func range(_ header: String, _ expected: Range<Int>) async throws {
            let blob = TestBlob.random(2_048)
            try await bench.push(blob)
            let answer = try await bench.get("blobs/\(blob.digest)", ["Range": header])
            #expect(answer.status == 206)
            #expect(answer["content-range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/2048")
            #expect(answer["content-length"] == "\(expected.count)")
            #expect(answer.body == Array(blob.bytes[expected]))
        }

        @Test("a range beyond the end is refused with 416", arguments: ["bytes=5000-10000", "bytes=2048-", "bytes=-0"])
        func beyond(_ header: String) async throws {
            let blob = TestBlob.random(2_048)
            try await bench.push(blob)
            let answer = try await bench.get("blobs/\(blob.digest)", ["Range": header])
            #expect(answer.status == 416)
            #expect(answer["content-range"] == "bytes */2048")
        }

        @Test("a range that ends before it starts is refused with 416")
        func reversed() async throws {
            let blob = TestBlob.random(2_048)
            try await bench.push(blob)
            #expect(try await bench.get("blobs/\(blob.digest)", ["Range": "bytes=500-0"]).status == 416)
        }

        @Test("a range of an unknown unit and a multiple range are answered with the whole blob")
        func unknownUnit() async throws {
            let blob = TestBlob.random(2_048)
            try await bench.push(blob)
            for header in ["lines=1-2", "bytes=0-1,5-6"] {
                let answer = try await bench.get("blobs/\(blob.digest)", ["Range": header])
                #expect(answer.status == 200)
                #expect(answer.body == blob.bytes)
            }
        }

        @Test("a blob that the client has already is answered with 304")
        func conditional() async throws {
            let blob = TestBlob.random(2_048)
            try await bench.push(blob)
            let tag = try #require(try await bench.get("blobs/\(blob.digest)")["etag"])
            let answer = try await bench.get("blobs/\(blob.digest)", ["If-None-Match": tag])
            #expect(answer.status == 304)
            #expect(answer.body.isEmpty)
        }

        @Test("a blob that was never pushed is 404 BLOB_UNKNOWN")
        func absent() async throws {
            let digest = TestBlob.random(10).digest
            try await bench.push(.random(10))
            #expect(try await bench.head("blobs/\(digest)").status == 404)
            let answer = try await bench.get("blobs/\(digest)")
            #expect(answer.status == 404)
            #expect(answer.errorCode == "BLOB_UNKNOWN")
        }

        @Test("a blob is readable only through a repository that holds it")
        func otherRepository() async throws {
            let blob = TestBlob.random(100)
            try await bench.push(blob)
            let other = try Bench()
            try await other.push(.random(10))
            #expect(try await other.get("blobs/\(blob.digest)").status == 404)
        }
    }
}
