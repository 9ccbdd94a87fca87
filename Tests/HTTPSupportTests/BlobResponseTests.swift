// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Glibc
import HTTPSupport
import HTTPTypes
import Logging
import NIOCore
import OCI
import Synchronization
import TestKit
import Testing

struct BlobResponseTests {
    /// Asks once over a connection of its own.
    private static func ask(
        _ server: TestServer, _ method: String = "GET", _ headers: String = ""
    ) async throws -> (head: String, body: [UInt8]) {
        let client = try await RawClient(port: server.port)
        try await client.send("\(method) /blob HTTP/1.1\nHost: a\nConnection: close\n\(headers)\n")
        _ = try await client.readToEnd(within: .seconds(60))
        return client.split
    }

    @Test("a file comes whole, byte for byte, with its length", arguments: [0, 1, 1000, 5_000_001, 40_000_000])
    func whole(_ size: Int) async throws {
        try await BlobFixture.withFile(size: size) { blob in
            try await withServer(blob.routes) { server in
                let answer = try await Self.ask(server)
                #expect(answer.head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.head.contains("Content-Length: \(size)\r\n"))
                #expect(answer.head.contains("Accept-Ranges: bytes\r\n"))
                #expect(answer.head.contains("ETag: \(BlobFixture.tag)\r\n"))
                #expect(same(answer.body, blob.bytes))
            }
        }
    }

    @Test(
        "a blob that is not its digest never ends well: its last piece stays away and the connection is cut",
        arguments: [1, 3_000_001])
    func wrongDigest(_ size: Int) async throws {
        let blob = try await BlobFixture(in: MemoryBlobStore(), size: size)
        let noted = Noted()
        for digest in [Digest.sha256(of: blob.bytes), .sha256(of: blob.bytes + [0])] {
            var routes = RouteTable()
            routes.add(.get, "/blob", access: .open("test")) { request, context in
                await blobResponse(
                    request, context, reader: try await blob.store.open(blob.location), headers: [:], digest: digest
                ) {
                    noted.count.withLock { $0 += 1 }
                }
            }
            let isRight = digest == .sha256(of: blob.bytes)
            try await withServer(routes) { server in
                let whole = try await Self.ask(server)
                // Of a wrong blob of one piece not even the head leaves.
                let announced = whole.head.contains("Content-Length: \(size)\r\n")
                #expect(announced || (!isRight && whole.head.isEmpty))
                #expect(same(whole.body, blob.bytes) == isRight)
                #expect((whole.body.count == size) == isRight)
                let part = try await Self.ask(server, "GET", "Range: bytes=0-0\n")
                #expect(part.body.count == (size > 1 || isRight ? 1 : 0), "a piece cannot be compared, only the whole")
            }
            let count = noted.count.withLock { $0 }
            #expect(isRight ? count == 0 : count > 0)
        }
    }

    private final class Noted: Sendable {
        let count = Mutex(0)
    }

    @Test("a blob that is in no file comes by chunks, byte for byte")
    func memory() async throws {
        let blob = try await BlobFixture(in: MemoryBlobStore(), size: 3_000_001)
        try await withServer(blob.routes) { server in
            let whole = try await Self.ask(server)
            #expect(same(whole.body, blob.bytes))
            let part = try await Self.ask(server, "GET", "Range: bytes=1000000-2000000\n")
            #expect(same(part.body, Array(blob.bytes[1_000_000...2_000_000])))
        }
    }

    @Test(
        "one range is answered with 206 and exactly its bytes",
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=100-", 100..<9_000_000), ("bytes=-5", 8_999_995..<9_000_000),
            ("bytes=4194303-4194304", 4_194_303..<4_194_305), ("bytes=8000000-99999999", 8_000_000..<9_000_000),
        ])
    func ranges(_ header: String, _ range: Range<Int>) async throws {
        try await BlobFixture.withFile(size: 9_000_000) { blob in
            try await withServer(blob.routes) { server in
                let answer = try await Self.ask(server, "GET", "Range: \(header)\n")
                #expect(answer.head.hasPrefix("HTTP/1.1 206 "))
                #expect(
                    answer.head.contains("Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/9000000\r\n")
                )
                #expect(answer.head.contains("Content-Length: \(range.count)\r\n"))
                #expect(same(answer.body, Array(blob.bytes[range])))
                let head = try await Self.ask(server, "HEAD", "Range: \(header)\n")
                #expect(head.head.hasPrefix("HTTP/1.1 206 ") && head.body.isEmpty)
                #expect(head.head.contains("Content-Length: \(range.count)\r\n"))
            }
        }
    }

    @Test("a range that does not exist is 416 and says the size; several ranges give the whole")
    func oddRanges() async throws {
        try await BlobFixture.withFile(size: 1000) { blob in
            try await withServer(blob.routes) { server in
                let beyond = try await Self.ask(server, "GET", "Range: bytes=1000-\n")
                #expect(beyond.head.hasPrefix("HTTP/1.1 416 "))
                #expect(beyond.head.contains("Content-Range: bytes */1000\r\n"))
                let several = try await Self.ask(server, "GET", "Range: bytes=0-1,5-6\n")
                #expect(several.head.hasPrefix("HTTP/1.1 200 ") && same(several.body, blob.bytes))
            }
        }
    }

    @Test("If-Range serves the range only of the same bytes, If-None-Match spares a known blob")
    func conditions() async throws {
        try await BlobFixture.withFile(size: 1000) { blob in
            try await withServer(blob.routes) { server in
                let same = try await Self.ask(server, "GET", "Range: bytes=0-9\nIf-Range: \(BlobFixture.tag)\n")
                #expect(same.head.hasPrefix("HTTP/1.1 206 ") && same.body.count == 10)
                let other = try await Self.ask(server, "GET", "Range: bytes=0-9\nIf-Range: \"x\"\n")
                #expect(other.head.hasPrefix("HTTP/1.1 200 ") && other.body.count == 1000)
                let known = try await Self.ask(server, "GET", "If-None-Match: \"x\", W/\(BlobFixture.tag)\n")
                #expect(known.head.hasPrefix("HTTP/1.1 304 ") && known.body.isEmpty)
                #expect(known.head.contains("ETag: \(BlobFixture.tag)\r\n") && !known.head.contains("Content-Length"))
            }
        }
    }

    @Test("HEAD has the head of GET and no body, and no answer is ever re-encoded")
    func head() async throws {
        try await BlobFixture.withFile(size: 1000) { blob in
            try await withServer(blob.routes) { server in
                let head = try await Self.ask(server, "HEAD")
                #expect(head.head.contains("Content-Length: 1000\r\n") && head.body.isEmpty)
                let encoded = try await Self.ask(server, "GET", "Accept-Encoding: gzip, br, zstd\n")
                #expect(!encoded.head.contains("Content-Encoding") && same(encoded.body, blob.bytes))
            }
        }
    }

    @Test("after a file the same connection serves the next request, and pipelined ones in order")
    func keepAlive() async throws {
        try await BlobFixture.withFile(size: 6_000_000) { blob in
            try await withServer(blob.routes) { server in
                let client = try await RawClient(port: server.port)
                try await client.send(
                    "GET /hello HTTP/1.1\nHost: a\n\nGET /blob HTTP/1.1\nHost: a\n\nHEAD /blob HTTP/1.1\nHost: a\n\n"
                        + "GET /blob HTTP/1.1\nHost: a\nRange: bytes=-3\n\nGET /hello HTTP/1.1\nHost: a\nConnection: close\n\n"
                )
                _ = try await client.readToEnd(within: .seconds(60))
                var answers = Answers(client.bytes)
                #expect(try answers.next().body == Array("hello".utf8))
                #expect(same(try answers.next().body, blob.bytes))
                #expect(try answers.next(isHead: true).head.contains("Content-Length: 6000000"))
                #expect(same(try answers.next().body, Array(blob.bytes.suffix(3))))
                #expect(try answers.next().body == Array("hello".utf8))
                #expect(answers.isAtEnd)
            }
        }
    }

    @Test("clients that leave in the middle leave no descriptor open and are no error")
    func aborts() async throws {
        try await BlobFixture.withFile(size: 30_000_000) { blob in
            let log = LogRecorder()
            try await withServer(blob.routes, logger: log.logger) { server in
                for _ in 0..<20 {
                    let client = try await RawClient(port: server.port)
                    try await client.stopReading()
                    try await client.send("GET /blob HTTP/1.1\nHost: a\n\n")
                    try await poll("the blob to be open") {
                        BlobFixture.openDescriptors(of: blob.location.rawValue) > 0
                    }
                    try await client.close()
                }
                try await poll("all descriptors to be closed") {
                    BlobFixture.openDescriptors(of: blob.location.rawValue) == 0
                }
                let whole = try await Self.ask(server)
                #expect(same(whole.body, blob.bytes))
            }
            #expect(log.lines(from: .warning).isEmpty)
        }
    }

    @Test(
        "a client that takes a large answer slowly gets all of it, although one window of it takes longer than the stall time"
    )
    func slow() async throws {
        var limits = ConnectionLimits()
        limits.writeStallTimeout = .seconds(5)
        try await BlobFixture.withFile(size: 8_000_000) { [limits] blob in
            try await withServer(blob.routes, limits: limits) { server in
                let client = try await RawClient(port: server.port)
                try await client.stopReading()
                try await client.send("GET /blob HTTP/1.1\nHost: a\nConnection: close\n\n")
                // 64 KiB at most each time: some 130 KB a second, while a window has a megabyte and more.
                for _ in 0..<40 {
                    client.readOnce()
                    try await Task.sleep(for: .milliseconds(500))
                }
                try await client.startReading()
                try await poll("the end of the answer", within: .seconds(60)) { client.isEnded }
                let isWhole = same(client.split.body, blob.bytes)
                #expect(isWhole)
            }
        }
    }

    @Test("a client that does not take the answer is cut after the stall time")
    func stalls() async throws {
        var limits = ConnectionLimits()
        limits.writeStallTimeout = .milliseconds(200)
        try await BlobFixture.withFile(size: 60_000_000) { [limits] blob in
            try await withServer(blob.routes, limits: limits) { server in
                let client = try await RawClient(port: server.port)
                try await client.stopReading()
                try await client.send("GET /blob HTTP/1.1\nHost: a\n\n")
                try await poll("the transfer to be cut") {
                    server.metrics.text().contains("haven_http_answers_cut_total 1\n")
                }
                #expect(BlobFixture.openDescriptors(of: blob.location.rawValue) == 0)
            }
        }
    }
}
