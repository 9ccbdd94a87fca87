// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import NIOCore
import Testing

struct RequestBodyTests {
    private static func connect(
        limits: ConnectionLimits = ConnectionLimits(),
        _ body: @escaping @Sendable (RawClient, TestServer) async throws -> Void
    ) async throws {
        try await withServer(TestRoutes.table, limits: limits) { server in
            try await body(try await RawClient(port: server.port), server)
        }
    }

    @Test("Expect: 100-continue is answered when the handler begins to read")
    func continues() async throws {
        try await Self.connect { client, _ in
            try await client.send("PUT /echo HTTP/1.1\nHost: a\nContent-Length: 3\nExpect: 100-continue\n\n")
            #expect(try await client.read(until: "\n\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("abc")
            let text = try await client.read(until: "\n\nabc")
            #expect(text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
            try await client.send("GET /hello HTTP/1.1\nHost: a\n\n")
            _ = try await client.read(until: "hello")
        }
    }

    @Test(
        "a handler that needs no body answers at once, without 100, and the connection ends",
        arguments: ["/v2/denied", "/nothing"])
    func refusesBeforeBody(_ path: String) async throws {
        try await Self.connect { client, _ in
            try await client.send("PUT \(path) HTTP/1.1\nHost: a\nContent-Length: 9000000000\nExpect: 100-continue\n\n")
            let text = try await client.readToEnd()
            #expect(text.hasPrefix(path == "/nothing" ? "HTTP/1.1 404 " : "HTTP/1.1 401 "))
            #expect(!text.contains("100 Continue"))
            #expect(text.contains("Connection: close\r\n"))
        }
    }

    @Test("a client that sends on after an early answer can read the answer")
    func earlyAnswer() async throws {
        var limits = ConnectionLimits()
        limits.lingerTimeout = .seconds(60)  // this is about what is read, not how fast a busy machine sends it
        try await Self.connect(limits: limits) { client, _ in
            try await client.send("PUT /v2/denied HTTP/1.1\nHost: a\nContent-Length: 9000000000\n\n")
            let piece = [UInt8](repeating: 7, count: 256 * 1024)
            for _ in 0..<40 { try await client.send(bytes: piece) }
            let text = try await client.read(until: "log in first")
            #expect(text.hasPrefix("HTTP/1.1 401 ") && text.contains("Connection: close\r\n"))
            try await client.close()
        }
    }

    @Test("a client that sends on for ever is cut after a bounded amount")
    func endlessBody() async throws {
        var limits = ConnectionLimits()
        limits.lingerBytes = 1024 * 1024
        try await Self.connect(limits: limits) { client, _ in
            try await client.send("PUT /v2/denied HTTP/1.1\nHost: a\nContent-Length: 9000000000\n\n")
            let piece = [UInt8](repeating: 7, count: 256 * 1024)
            await #expect(throws: (any Error).self) {
                for _ in 0..<400 { try await client.send(bytes: piece) }
            }
        }
    }

    @Test("a small unread body does not cost the connection")
    func smallRemainder() async throws {
        try await Self.connect { client, _ in
            try await client.send("PUT /denied HTTP/1.1\nHost: a\nContent-Length: 1000\n\n")
            let head = try await client.read(until: "log in first")
            #expect(!head.contains("Connection: close"))
            try await client.send(bytes: [UInt8](repeating: 7, count: 1000))
            try await client.send("GET /hello HTTP/1.1\nHost: a\n\n")
            _ = try await client.read(until: "hello")
        }
    }

    @Test("a collected body has a limit, announced or not")
    func collected() async throws {
        try await Self.connect { client, _ in
            try await client.send("PUT /v2/small HTTP/1.1\nHost: a\nContent-Length: 10\n\n0123456789")
            _ = try await client.read(until: "\n\n0123456789")
            try await client.send("PUT /v2/small HTTP/1.1\nHost: a\nContent-Length: 11\n\n0123456789a")
            _ = try await client.read(until: "SIZE_INVALID")
            try await client.send(
                "PUT /v2/small HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n6\nabcdef\n6\nabcdef\n0\n\n")
            try await poll("the second refusal") { client.text.components("SIZE_INVALID").count == 3 }
        }
    }

    @Test(
        "a message with two possible ends, or a broken one, is refused and its connection ends",
        arguments: [
            "PUT /count HTTP/1.1\nHost: a\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\nGET /hello",
            "PUT /count HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nContent-Length: 5\n\n0\n\n",
            "PUT /count HTTP/1.1\nHost: a\nContent-Length: 5\nContent-Length: 6\n\nabcdef",
            "PUT /count HTTP/1.1\nHost: a\nContent-Length: 5\nContent-Length: 5\n\nabcde",
            "PUT /count HTTP/1.1\nHost: a\nContent-Length: -5\n\nabcde",
            "PUT /count HTTP/1.1\nHost: a\nContent-Length: 5, 5\n\nabcde",
            "PUT /count HTTP/1.1\nHost: a\nContent-Length: +5\n\nabcde",
            "PUT /count HTTP/1.1\nHost: a\nContent-Length: 99999999999999999999999\n\nabcde",
            "PUT /count HTTP/1.1\nHost: a\nTransfer-Encoding: gzip, chunked\n\n0\n\n",
            "PUT /count HTTP/1.1\nHost: a\nTransfer-Encoding: identity\n\nabc",
            "PUT /count HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n0\n\n",
            "PUT /count HTTP/1.0\nHost: a\nTransfer-Encoding: chunked\n\n0\n\n",
            "PUT /count HTTP/1.1\nHost: a\nTransfer-Encoding : chunked\n\n0\n\n",
            "PUT /count HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\nzz\nabc\n0\n\n",
            "PUT /count HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabcdef\n0\n\n",
            "GET /hello HTTP/1.1\n\n",
            "GET /hello HTTP/1.1\nHost: a\nHost: b\n\n",
            "GET /hello HTTP/1.1\nHost: a/b\n\n",
            "GET /hello HTTP/3.1\nHost: a\n\n",
            "GET hello HTTP/1.1\nHost: a\n\n",
            "GET /hel\u{1}lo HTTP/1.1\nHost: a\n\n",
            "GET /hello HTTP/1.1\nHost: a\nBad Header: x\n\n",
            "GET /hello HTTP/1.1\nHost: a\n folded: x\n\n",
            "nonsense\n\n",
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
        ])
    func smuggling(_ message: String) async throws {
        try await Self.connect { client, _ in
            try await client.send(message)
            let text = try await client.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 400 ") || text.hasPrefix("HTTP/1.0 400 "), "\(text)")
            #expect(!text.contains("hello") && text.components("HTTP/1.").count == 2)
        }
    }

    @Test("a body that ends before its announced end is 400, not a hang and not a success")
    func cutShort() async throws {
        for request in [
            "PUT /v2/echo HTTP/1.1\nHost: a\nContent-Length: 50\n\nabc",
            "PUT /v2/echo HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5\nab",
        ] {
            try await Self.connect { client, _ in
                try await client.send(request)
                try await client.closeOutput()
                #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 400 "))
            }
        }
    }

    @Test("a client that closed its sending side still gets the answer to what it sent")
    func halfClosed() async throws {
        try await Self.connect { client, _ in
            try await client.send("PUT /echo HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc")
            try await client.closeOutput()
            #expect(try await client.readToEnd().hasSuffix("\r\n\r\nabc"))
        }
    }

    @Test("requests sent together are all answered, also when the client then closes its sending side")
    func halfClosedPipeline() async throws {
        try await Self.connect { client, _ in
            try await client.send(String(repeating: "GET /hello HTTP/1.1\nHost: a\n\n", count: 3))
            try await client.closeOutput()
            let text = try await client.readToEnd()
            #expect(text.components("HTTP/1.1 200 OK").count == 4)
        }
    }

    @Test("a large upload is counted exactly while little of it is held")
    func largeUpload() async throws {
        try await Self.connect { client, _ in
            try await client.send("PUT /count HTTP/1.1\nHost: a\nContent-Length: 40000000\n\n")
            let piece = [UInt8](repeating: 7, count: 1_000_000)
            for _ in 0..<40 { try await client.send(bytes: piece) }
            _ = try await client.read(until: "\n\n40000000")
        }
    }

    @Test("a body that stops coming is answered with 408")
    func stalls() async throws {
        var limits = ConnectionLimits()
        limits.bodyIdleTimeout = .milliseconds(200)
        try await Self.connect(limits: limits) { client, _ in
            try await client.send("PUT /v2/echo HTTP/1.1\nHost: a\nContent-Length: 50\n\nabc")
            let text = try await client.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 408 ") && text.contains("Connection: close\r\n"))
        }
    }

    @Test("a body that trickles below the minimum rate is answered with 408")
    func trickles() async throws {
        var limits = ConnectionLimits()
        limits.rateGrace = .milliseconds(500)
        limits.minimumRate = 1000
        try await Self.connect(limits: limits) { client, _ in
            try await client.send("PUT /v2/echo HTTP/1.1\nHost: a\nContent-Length: 5000\n\n")
            try await poll("the answer") {
                if !client.text.isEmpty { return true }
                try? await client.send("a")
                return false
            }
            #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 408 "))
        }
    }
}
