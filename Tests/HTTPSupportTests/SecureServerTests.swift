// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import HTTPSupport
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TestKit
import Testing

struct SecureServerTests {
    /// Runs with certificates, a server that uses them and a client that trusts them.
    private static func run(
        _ routes: RouteTable, version: HTTPClient.Configuration.HTTPVersion = .automatic,
        log: LogRecorder = LogRecorder(),
        limits: ConnectionLimits = ConnectionLimits(),
        _ body: @escaping @Sendable (TestServer, HTTPClient, TestCertificates, TLSCertificates) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let files = try await TestCertificates(in: folder)
            let certificates = try TLSCertificates(
                certificatePath: files.certificate, keyPath: files.key, logger: log.logger)
            try await withServer(routes, limits: limits, certificates: certificates, logger: log.logger) { server in
                let client = Self.client(files, version)
                do {
                    try await body(server, client, files, certificates)
                } catch {
                    try await client.shutdown()
                    throw error
                }
                try await client.shutdown()
            }
        }
    }

    private static func client(_ files: TestCertificates, _ version: HTTPClient.Configuration.HTTPVersion) -> HTTPClient
    {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(files.authority)
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = version
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    private static func get(
        _ client: HTTPClient, _ port: Int, _ path: String, _ headers: HTTPHeaders = [:]
    ) async throws -> (HTTPClientResponse, [UInt8]) {
        var request = HTTPClientRequest(url: "https://localhost:\(port)\(path)")
        request.headers = headers
        let response = try await client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 1 << 30)
        return (response, Array(body.readableBytesView))
    }

    @Test(
        "a blob and its ranges come byte for byte over TLS",
        arguments: [HTTPClient.Configuration.HTTPVersion.http1Only, .automatic])
    func blobs(_ version: HTTPClient.Configuration.HTTPVersion) async throws {
        try await BlobFixture.withFile(size: 5_000_001) { blob in
            try await Self.run(blob.routes, version: version) { server, client, _, _ in
                let (response, body) = try await Self.get(client, server.ports[1], "/blob")
                #expect(response.version == (version == .automatic ? .http2 : .http1_1))
                #expect(same(body, blob.bytes))
                let (part, bytes) = try await Self.get(
                    client, server.ports[1], "/blob", ["range": "bytes=1000-3000000"])
                #expect(part.status == .partialContent && same(bytes, Array(blob.bytes[1000...3_000_000])))
                let (again, hello) = try await Self.get(client, server.ports[1], "/hello")
                #expect(again.status == .ok && hello == Array("hello".utf8))
            }
        }
    }

    @Test(
        "uploads arrive whole, many at once, over HTTP/2 and HTTP/1.1",
        arguments: [HTTPClient.Configuration.HTTPVersion.http1Only, .automatic])
    func uploads(_ version: HTTPClient.Configuration.HTTPVersion) async throws {
        try await Self.run(TestRoutes.table, version: version) { server, client, _, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        var request = HTTPClientRequest(url: "https://localhost:\(server.ports[1])/count")
                        request.method = .PUT
                        request.body = .bytes(ByteBuffer(repeating: 7, count: 3_000_000 + number))
                        let response = try await client.execute(request, timeout: .seconds(60))
                        let text = String(buffer: try await response.body.collect(upTo: 100))
                        #expect(text == "\(3_000_000 + number)\n")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("an HTTP/2 client that asks before it sends its body is answered, and refusals need no body")
    func expectOverHTTP2() async throws {
        try await Self.run(TestRoutes.table) { server, _, files, _ in
            let curl = Tool("curl")
            let url = "https://localhost:\(server.ports[1])"
            let options = ["-sS", "--http2", "--cacert", files.authority, "-m", "30"]
            let big = "\(files.folder)/big"
            try await Tool("truncate").check("-s", "3000000", big)
            let sent = try await curl.check(options + ["-H", "Expect: 100-continue", "-T", big, "\(url)/count"])
            #expect(sent == "3000000\n")
            let refused = try await curl.check(
                options + ["-H", "Expect: 100-continue", "-T", big, "-w", "%{http_code}", "\(url)/denied"])
            #expect(refused == "log in first\n401")
            let early = try await curl.check(
                options + ["-H", "Expect:", "-T", big, "-w", "%{http_code}", "\(url)/denied"])
            #expect(early == "log in first\n401")
        }
    }

    @Test("the client of a TLS listener sees https")
    func scheme() async throws {
        try await Self.run(TestRoutes.table) { server, client, _, _ in
            let (_, body) = try await Self.get(client, server.ports[1], "/who")
            #expect(String(decoding: body, as: UTF8.self) == "127.0.0.1 https localhost:\(server.ports[1])\n")
        }
    }

    @Test("a TLS version before 1.2 is refused")
    func oldTLS() async throws {
        try await Self.run(TestRoutes.table) { server, _, files, _ in
            let options = ["-sS", "--cacert", files.authority, "-o", "/dev/null"]
            let url = "https://localhost:\(server.ports[1])/hello"
            let ciphers = ["--ciphers", "ALL:@SECLEVEL=0"]
            let curl = Tool("curl")
            let old = try await curl.run(options + ciphers + ["--tlsv1.0", "--tls-max", "1.1", url])
            #expect(old.status != 0)
            let current = try await curl.run(options + ["--tls-max", "1.2", url])
            #expect(current.status == 0)
        }
    }

    @Test("a new certificate is used without a restart; a broken one changes nothing and is logged")
    func reload() async throws {
        let log = LogRecorder()
        try await Self.run(TestRoutes.table, log: log) { server, _, files, certificates in
            #expect(try await Self.subject(server.ports[1], files).contains("localhost"))
            #expect(!certificates.reloadIfChanged())
            try await files.issue(commonName: "second")
            #expect(certificates.reloadIfChanged())
            #expect(try await Self.subject(server.ports[1], files).contains("second"))
            try await Tool("cp").check(files.certificate, "\(files.folder)/good.crt")
            try await Tool("cp").check("\(files.folder)/ca.crt", files.certificate)
            #expect(!certificates.reloadIfChanged())
            #expect(try await Self.subject(server.ports[1], files).contains("second"))
            #expect(log.lines(from: .warning).count == 1)
            #expect(!certificates.reloadIfChanged())
            #expect(log.lines(from: .warning).count == 1)
            try await Tool("truncate").check("-s", "0", files.certificate)
            #expect(!certificates.reloadIfChanged())
            try await Tool("mv").check("\(files.folder)/good.crt", files.certificate)
            #expect(certificates.reloadIfChanged())
        }
    }

    /// The subject of the certificate a new connection gets.
    private static func subject(_ port: Int, _ files: TestCertificates) async throws -> String {
        let result = try await Tool("openssl").run(
            ["s_client", "-connect", "localhost:\(port)", "-CAfile", files.authority, "-brief"])
        return result.output + result.errors
    }

    @Test("a pair that does not fit is refused at start, with both names")
    func badPair() async throws {
        try await withTemporaryFolder { folder in
            let files = try await TestCertificates(in: folder)
            let fault = #expect(throws: TLSFault.self) {
                _ = try TLSCertificates(
                    certificatePath: files.certificate, keyPath: "\(folder)/ca.key", logger: quietLogger)
            }
            #expect(fault.map { "\($0)".contains("server.crt") && "\($0)".contains("ca.key") } == true)
            #expect(throws: TLSFault.self) {
                _ = try TLSCertificates(certificatePath: "\(folder)/absent", keyPath: files.key, logger: quietLogger)
            }
        }
    }

    @Test("a client that never ends its handshake is cut")
    func slowHandshake() async throws {
        try await withTemporaryFolder { folder in
            let files = try await TestCertificates(in: folder)
            let certificates = try TLSCertificates(
                certificatePath: files.certificate, keyPath: files.key, logger: quietLogger)
            var limits = ConnectionLimits()
            limits.headTimeout = .milliseconds(300)
            try await withServer(TestRoutes.table, limits: limits, certificates: certificates) { server in
                let client = try await RawClient(port: server.ports[1])
                try await client.send(bytes: [0x16, 3, 1, 2])
                #expect(try await client.readToEnd().isEmpty)
            }
        }
    }

    @Test("an HTTP/2 connection that opens no stream, or closes its last, ends in time")
    func idleHTTP2() async throws {
        var limits = ConnectionLimits()
        // Long enough for the client to open its connection on a busy machine.
        limits.headTimeout = .seconds(5)
        limits.keepAliveTimeout = .seconds(5)
        limits.lingerTimeout = .milliseconds(300)
        try await Self.run(TestRoutes.table, limits: limits) { server, _, files, _ in
            let silent = try await RawHTTP2Client(port: server.ports[1], authority: files.authority)
            #expect(try await silent.isCutOff())
            let idle = try await RawHTTP2Client(port: server.ports[1], authority: files.authority)
            // On a busy machine the connection may have ended before its only stream could be opened.
            try? await idle.resetStreams(1)
            #expect(try await idle.isCutOff())
        }
    }

    @Test("an HTTP/2 client that never takes its answer loses the stream, then the connection")
    func closedWindow() async throws {
        var limits = ConnectionLimits()
        limits.writeStallTimeout = .milliseconds(300)
        limits.keepAliveTimeout = .milliseconds(300)
        limits.lingerTimeout = .milliseconds(300)
        try await Self.run(TestRoutes.table, limits: limits) { server, _, files, _ in
            let client = try await RawHTTP2Client(port: server.ports[1], authority: files.authority, window: 0)
            try await client.ask()
            #expect(try await client.isCutOff())
        }
    }

    @Test("an HTTP/2 client that opens and resets streams without end is cut off")
    func rapidReset() async throws {
        try await Self.run(TestRoutes.table) { server, _, files, _ in
            let attacker = try await RawHTTP2Client(port: server.ports[1], authority: files.authority)
            try await attacker.resetStreams(2000)
            #expect(try await attacker.isCutOff())
        }
    }
}
