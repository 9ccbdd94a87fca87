// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import Logging
import NIOCore
import Testing

struct AnswerTests {
    private static func ask(
        _ request: String, log: LogRecorder? = nil, then check: @escaping @Sendable (String, TestServer) throws -> Void
    ) async throws {
        try await withServer(TestRoutes.table, logger: log?.logger ?? quietLogger) { server in
            let client = try await RawClient(port: server.port)
            try await client.send(request)
            try check(try await client.readToEnd(), server)
        }
    }

    @Test(
        "what is not declared is 404 in the format of its surface",
        arguments: [
            ("/v2/nothing", #"{"errors":[{"code":"NAME_UNKNOWN","message":""#, "application/json"),
            ("/api/v2.0/nothing", #"{"errors":[{"code":"NOT_FOUND","message":""#, "application/json; charset=utf-8"),
            ("/nothing", "there is nothing at this path\n", "text/plain; charset=utf-8"),
        ])
    func undeclared(_ path: String, _ body: String, _ type: String) async throws {
        try await Self.ask("GET \(path) HTTP/1.1\nHost: a\nConnection: close\n\n") { text, _ in
            #expect(text.hasPrefix("HTTP/1.1 404 "))
            #expect(text.contains("\r\n\r\n\(body)"))
            #expect(text.contains("Content-Type: \(type)\r\n"))
        }
    }

    @Test("an undeclared method is 405 and says which are")
    func methods() async throws {
        try await Self.ask("DELETE /hello HTTP/1.1\nHost: a\nConnection: close\n\n") { text, _ in
            #expect(text.hasPrefix("HTTP/1.1 405 "))
            #expect(text.contains("Allow: GET, HEAD\r\n"))
        }
    }

    @Test(
        "a thrown error answers for itself, once, and its cause goes to the log",
        arguments: [
            ("/v2/teapot", #"{"errors":[{"code":"TEAPOT","message":"short and stout"}]}"#),
            ("/api/teapot", #"{"errors":[{"code":"TEAPOT","message":"short and stout"}]}"#),
            ("/teapot", "short and stout\n"),
        ])
    func answerable(_ path: String, _ body: String) async throws {
        let log = LogRecorder()
        try await Self.ask("GET \(path) HTTP/1.1\nHost: a\nConnection: close\n\n", log: log) { text, _ in
            #expect(text.hasPrefix("HTTP/1.1 418 "))
            #expect(text.hasSuffix("\r\n\r\n\(body)"))
            #expect(!text.contains("reason"))
        }
        #expect(
            log.lines().filter { $0.message == "request refused" }.map { "\($0.metadata["error"]!)" } == [
                "the teapot's reason"
            ])
    }

    @Test(
        "a 500 never shows its cause; the log has it once, with the request's id",
        arguments: ["/v2/broken", "/api/broken", "/broken"])
    func hidden(_ path: String) async throws {
        let log = LogRecorder()
        try await Self.ask("GET \(path) HTTP/1.1\nHost: a\nX-Request-Id: find-me\nConnection: close\n\n", log: log) {
            text, _ in
            #expect(text.hasPrefix("HTTP/1.1 500 "))
            #expect(!text.contains("hunter2") && !text.contains("Unexpected"))
            #expect(text.contains("find-me"))
        }
        let errors = log.lines(from: .error)
        #expect(errors.count == 1)
        #expect("\(errors[0].metadata)".contains("hunter2"))
        #expect(errors[0].metadata["request.id"] == "find-me")
    }

    @Test("each request is one line in the log, with what its handler noted")
    func requestLog() async throws {
        let log = LogRecorder()
        try await Self.ask("GET /stream?x=1 HTTP/1.1\nHost: a\nUser-Agent: t/1\nConnection: close\n\n", log: log) {
            text, server in
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.lowercased().contains("transfer-encoding: chunked"))
            #expect(
                server.metrics.text().contains(
                    #"haven_http_requests_total{method="GET",route="/stream",status="2xx"} 1"#))
            #expect(server.metrics.text().contains("haven_http_sent_bytes_total 13\n"))
        }
        let lines = log.lines().filter { $0.message == "request" }
        #expect(lines.count == 1)
        let metadata = try #require(lines.first).metadata
        for (key, value) in [
            ("method", "GET"), ("path", "/stream?x=1"), ("status", "200"), ("bytes", "13"), ("caller", "alice"),
            ("peer", "127.0.0.1"), ("agent", "t/1"),
        ] { #expect(metadata[key].map { "\($0)" } == value) }
    }

    @Test("a request id goes in and out; a wild one is replaced")
    func requestID() async throws {
        try await Self.ask("GET /hello HTTP/1.1\nHost: a\nX-Request-Id: my-id.1\nConnection: close\n\n") { text, _ in
            #expect(text.contains("X-Request-Id: my-id.1\r\n"))
        }
        try await Self.ask("GET /hello HTTP/1.1\nHost: a\nX-Request-Id: a b\"c\nConnection: close\n\n") { text, _ in
            #expect(text.contains("X-Request-Id: ") && !text.contains("a b"))
        }
    }

    @Test("HEAD answers like GET without the body; a known manifest is 304")
    func memory() async throws {
        try await Self.ask("HEAD /hello HTTP/1.1\nHost: a\nConnection: close\n\n") { text, _ in
            #expect(text.contains("Content-Length: 5\r\n") && text.hasSuffix("\r\n\r\n"))
        }
        try await Self.ask("GET /hello HTTP/1.1\nHost: a\nIf-None-Match: \"h\"\nConnection: close\n\n") { text, _ in
            #expect(text.hasPrefix("HTTP/1.1 304 ") && text.hasSuffix("\r\n\r\n") && text.contains("ETag: \"h\"\r\n"))
        }
    }

    @Test("an answer shorter than announced is cut, not completed")
    func shortAnswer() async throws {
        let log = LogRecorder()
        try await Self.ask("GET /short HTTP/1.1\nHost: a\n\n", log: log) { text, _ in
            #expect(text.hasPrefix("HTTP/1.1 200 ") && text.hasSuffix("half") || text.isEmpty)
        }
        #expect(log.lines(from: .error).count == 1)
    }

    @Test("HEAD of an answer of unknown length keeps the connection in step")
    func headOfStream() async throws {
        try await Self.ask("HEAD /stream HTTP/1.1\nHost: a\n\nGET /hello HTTP/1.1\nHost: a\nConnection: close\n\n") {
            text, _ in
            #expect(text.components("HTTP/1.1 200 OK").count == 3)
            #expect(text.hasSuffix("\r\n\r\nhello"))
        }
    }

    @Test("HTTP/1.0 gets an answer it understands, and its connection ends")
    func oldClients() async throws {
        try await Self.ask("GET /stream HTTP/1.0\n\n") { text, _ in
            #expect(text.hasPrefix("HTTP/1.0 200 OK\r\n") && text.hasSuffix("\r\n\r\none,two,three"))
        }
        try await Self.ask("GET /hello HTTP/1.0\n\n") { text, _ in #expect(text.hasSuffix("\r\n\r\nhello")) }
    }
}

extension String {
    /// The pieces between a mark.
    func components(_ mark: String) -> [String] {
        split(separator: mark, omittingEmptySubsequences: false).map(String.init)
    }
}
