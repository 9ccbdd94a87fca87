// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import TestKit
import Testing

struct LimitTests {
    @Test("a head that is too large is 431")
    func largeHead() async throws {
        var limits = ConnectionLimits()
        limits.headerFields = 20
        try await withServer(TestRoutes.table, limits: limits) { server in
            for head in [
                "X-Long: \(String(repeating: "a", count: 20_000))\n",
                (0..<70).map { "X-\($0): \(String(repeating: "a", count: 1000))\n" }.joined(),
                (0..<21).map { "X-\($0): a\n" }.joined(),
            ] {
                let client = try await RawClient(port: server.port)
                try await client.send("GET /hello HTTP/1.1\nHost: a\n\(head)\n")
                let text = try await client.readToEnd()
                #expect(text.hasPrefix("HTTP/1.1 431 "), "\(text)")
            }
        }
    }

    @Test("a head that never ends is cut, however slowly it trickles")
    func slowHead() async throws {
        var limits = ConnectionLimits()
        limits.headTimeout = .milliseconds(300)
        try await withServer(TestRoutes.table, limits: limits) { server in
            let client = try await RawClient(port: server.port)
            try await client.send("GET /hello HTTP/1.1\nHost: a\n")
            try await poll("the cut") {
                try? await client.send("X-A: b\n")
                return client.isEnded
            }
            #expect(client.text.isEmpty)
        }
    }

    @Test("an idle connection ends quietly after the keep-alive time")
    func idle() async throws {
        var limits = ConnectionLimits()
        limits.keepAliveTimeout = .milliseconds(300)
        try await withServer(TestRoutes.table, limits: limits) { server in
            let client = try await RawClient(port: server.port)
            try await client.send("GET /hello HTTP/1.1\nHost: a\n\n")
            #expect(try await client.readToEnd().hasSuffix("hello"))
        }
    }

    @Test("beyond the limit of connections a client waits until another leaves")
    func connections() async throws {
        var limits = ConnectionLimits()
        limits.connections = 2
        try await withServer(TestRoutes.table, limits: limits) { server in
            let first = try await RawClient(port: server.port)
            try await first.send("GET /hello HTTP/1.1\nHost: a\n\n")
            _ = try await first.read(until: "hello")
            let second = try await RawClient(port: server.port)
            try await second.send("GET /hello HTTP/1.1\nHost: a\n\n")
            _ = try await second.read(until: "hello")
            let third = try await RawClient(port: server.port)
            try await third.send("GET /hello HTTP/1.1\nHost: a\n\n")
            await #expect(throws: TimedOut.self) { try await third.read(until: "hello", within: .milliseconds(300)) }
            try await first.close()
            _ = try await third.read(until: "hello")
        }
    }

    @Test("a connection ends after as many requests as it may make")
    func requests() async throws {
        var limits = ConnectionLimits()
        limits.requestsPerConnection = 2
        try await withServer(TestRoutes.table, limits: limits) { server in
            let client = try await RawClient(port: server.port)
            try await client.send("GET /hello HTTP/1.1\nHost: a\n\nGET /hello HTTP/1.1\nHost: a\n\n")
            let text = try await client.readToEnd()
            #expect(text.components("HTTP/1.1 200 OK").count == 3)
            #expect(text.components("Connection: close").count == 2)
        }
    }

    @Test("a thousand pipelined requests are answered in order while little is read ahead")
    func pipelining() async throws {
        try await withServer(TestRoutes.table) { server in
            let client = try await RawClient(port: server.port)
            let one = "PUT /echo HTTP/1.1\nHost: a\nContent-Length: 4\n\n"
            try await client.send((1000..<2000).map { "\(one)\($0)" }.joined())
            _ = try await client.read(until: "\n\n1999")
            var answers = Answers(client.bytes)
            for number in 1000..<2000 { #expect(try answers.next().body == Array("\(number)".utf8)) }
        }
    }

    @Test("a last answer larger than the socket's buffer reaches a slow client whole")
    func slowReader() async throws {
        try await withServer(TestRoutes.table) { server in
            let client = try await RawClient(port: server.port)
            try await client.stopReading()
            try await client.send("GET /large HTTP/1.1\nHost: a\nConnection: close\n\n")
            try await poll("the answer to be made") {
                server.metrics.text().contains("haven_http_sent_bytes_total 20000000\n")
            }
            try await client.startReading()
            _ = try await client.readToEnd()
            #expect(client.split.body.count == 20_000_000)
        }
    }

    @Test("a client that does not read its answers gets no further ones made")
    func unreadAnswers() async throws {
        try await withServer(TestRoutes.table) { server in
            let client = try await RawClient(port: server.port)
            try await client.stopReading()
            try await client.send(String(repeating: "GET /large HTTP/1.1\nHost: a\n\n", count: 20))
            try await poll("the first answer to be made") {
                server.metrics.text().contains("haven_http_sent_bytes_total 20000000\n")
            }
            await #expect(throws: TimedOut.self) {
                try await poll("a second answer", within: .milliseconds(500)) {
                    !server.metrics.text().contains("haven_http_sent_bytes_total 20000000\n")
                }
            }
            try await client.startReading()
            try await poll("all answers") {
                server.metrics.text().contains("haven_http_sent_bytes_total 400000000\n")
            }
        }
    }

    @Test(
        "a handler is cancelled when its client leaves, and that is no fault of the server",
        arguments: ["GET /patient HTTP/1.1\nHost: a\n\n", "PUT /patient HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc"])
    func cancelled(_ request: String) async throws {
        let log = LogRecorder()
        var limits = ConnectionLimits()
        // What only reads is cancelled at once, whatever this is.
        limits.departureGrace = request.hasPrefix("GET") ? .seconds(600) : .milliseconds(100)
        try await withServer(TestRoutes.table, limits: limits, logger: log.logger) { server in
            let client = try await RawClient(port: server.port)
            try await client.send(request)
            try await poll("the request to run") { server.metrics.text().contains("haven_http_requests_running 1\n") }
            try await client.reset()
            try await poll("the request to end") { server.metrics.text().contains("haven_http_requests_running 0\n") }
        }
        #expect(log.lines(from: .warning).isEmpty)
        #expect(log.lines().filter { $0.message == "request" }.map { $0.metadata["status"] } == ["499"])
    }

    @Test("a handler that changes something may bring it to its end after its client left")
    func departed() async throws {
        let (begins, begin) = AsyncStream.makeStream(of: Void.self)
        let (ends, end) = AsyncStream.makeStream(of: Bool.self)
        var routes = TestRoutes.table
        routes.add(.put, "/late", access: .open("test")) { request, _ in
            for try await _ in request.body {}
            begin.finish()
            end.yield((try? await Task.sleep(for: .milliseconds(500))) != nil)
            return Response(status: .created)
        }
        try await withServer(routes) { server in
            let client = try await RawClient(port: server.port)
            try await client.send("PUT /late HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc")
            for await _ in begins {}
            try await client.reset()
            var all = ends.makeAsyncIterator()
            let wasLetFinish = await all.next()
            #expect(wasLetFinish == true)
        }
    }

    @Test("a server listens on a Unix socket, replaces a dead one, and refuses a living one")
    func unixSocket() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/haven.sock"
            for _ in 0..<2 {
                try await withServer(TestRoutes.table, address: .unix(path: path)) { _ in
                    let client = try await RawClient(socket: path)
                    try await client.send("GET /who HTTP/1.1\nHost: a\nConnection: close\n\n")
                    #expect(try await client.readToEnd().hasSuffix("unix http a\n"))
                    await #expect(throws: ListenFault.self) {
                        try await withServer(TestRoutes.table, address: .unix(path: path)) { _ in }
                    }
                }
            }
            try await Tool("touch").check(path)
            await #expect(throws: ListenFault.self) {
                try await withServer(TestRoutes.table, address: .unix(path: path)) { _ in }
            }
        }
    }

    @Test("an address that is taken is an error that names it")
    func addressInUse() async throws {
        try await withServer(TestRoutes.table) { server in
            let address = ListenerConfiguration.Address.tcp(host: "127.0.0.1", port: server.port)
            let fault = await #expect(throws: ListenFault.self) {
                try await withServer(TestRoutes.table, address: address) { _ in }
            }
            #expect(fault.map { "\($0)".contains("127.0.0.1:\(server.port)") } == true)
        }
    }
}
