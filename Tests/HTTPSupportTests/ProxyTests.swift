// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import Testing

struct ProxyTests {
    private static let trusted = TrustedProxies(ranges: [AddressRange("127.0.0.0/8")].compactMap { $0 })

    private static func who(
        _ request: String, proxies: TrustedProxies, proxyProtocol: Bool = false
    ) async throws -> String {
        try await withServer(TestRoutes.table, proxies: proxies, proxyProtocol: proxyProtocol) { server in
            let client = try await RawClient(port: server.port)
            try await client.send(request)
            return try await client.readToEnd().split(separator: "\r\n\r\n").last.map(String.init) ?? ""
        }
    }

    private static let request =
        "GET /who HTTP/1.1\nHost: r.example\nX-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: https\nConnection: close\n\n"

    @Test("forwarded headers count from trusted proxies only")
    func headers() async throws {
        #expect(try await Self.who(Self.request, proxies: Self.trusted) == "192.0.2.7 https r.example\n")
        #expect(try await Self.who(Self.request, proxies: .none) == "127.0.0.1 http r.example\n")
    }

    @Test("a PROXY line from a trusted proxy names the client, whose own headers are not believed")
    func proxyLine() async throws {
        let line = "PROXY TCP4 198.51.100.3 10.0.0.1 1 2\n"
        #expect(
            try await Self.who(line + Self.request, proxies: Self.trusted, proxyProtocol: true)
                == "198.51.100.3 http r.example\n")
    }

    @Test("a trusted proxy that shall speak the protocol and does not is cut off")
    func missingLine() async throws {
        #expect(try await Self.who(Self.request, proxies: Self.trusted, proxyProtocol: true).isEmpty)
    }

    @Test("a PROXY line from anybody else is no request", arguments: [true, false])
    func untrustedLine(_ proxyProtocol: Bool) async throws {
        let line = "PROXY TCP4 198.51.100.3 10.0.0.1 1 2\n"
        let answer = try await withServer(TestRoutes.table, proxies: .none, proxyProtocol: proxyProtocol) { server in
            let client = try await RawClient(port: server.port)
            try await client.send(line + Self.request)
            return try await client.readToEnd()
        }
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
    }

    @Test("a plain listener can lead every request to https")
    func redirect() async throws {
        for (port, suffix) in [(443, ""), (8443, ":8443")] {
            try await withServer(RouteTable.redirectToHTTPS(port: port)) { server in
                let client = try await RawClient(port: server.port)
                try await client.send(
                    "GET /v2/?a=b HTTP/1.1\nHost: r.example:8080\n\nPUT /x HTTP/1.1\nHost: r.example\nConnection: close\n\n"
                )
                let text = try await client.readToEnd()
                #expect(text.hasPrefix("HTTP/1.1 301 "))
                #expect(text.contains("Location: https://r.example\(suffix)/v2/?a=b\r\n"))
                #expect(text.contains("HTTP/1.1 308 "))
                #expect(text.contains("Location: https://r.example\(suffix)/x\r\n"))
            }
        }
    }
}
