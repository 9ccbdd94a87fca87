// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Testing

@testable import HTTPSupport

struct ClientViewTests {
    private let direct = ClientView(address: "10.0.0.1", scheme: "http", host: "inside:8080")
    private let proxies = TrustedProxies(ranges: ["10.0.0.0/8", "fd00::/8"].compactMap { AddressRange($0) })

    private func view(_ headers: HTTPFields, peer: String = "10.0.0.1", proxies: TrustedProxies? = nil) -> ClientView {
        var direct = direct
        direct.address = peer
        return ClientView(direct: direct, headers: headers, trusting: proxies ?? self.proxies)
    }

    @Test("a client that is no trusted proxy is not believed")
    func untrusted() {
        let headers: HTTPFields = [
            .forwardedFor: "1.2.3.4", .forwardedProto: "https", .forwardedHost: "evil", .forwarded: "for=1.2.3.4",
        ]
        #expect(
            view(headers, peer: "192.0.2.1") == ClientView(address: "192.0.2.1", scheme: "http", host: "inside:8080"))
        #expect(view(headers, proxies: TrustedProxies.none) == direct)
    }

    @Test("a trusted proxy says who the client is and what it sees")
    func trusted() {
        #expect(
            view([.forwardedFor: "192.0.2.7", .forwardedProto: "https", .forwardedHost: "registry.example:8443"])
                == ClientView(address: "192.0.2.7", scheme: "https", host: "registry.example:8443"))
        #expect(
            view([.forwardedProto: "HTTPS"]) == ClientView(address: "10.0.0.1", scheme: "https", host: "inside:8080"))
        #expect(view([:]) == direct)
    }

    @Test("of a chain only what trusted proxies appended counts")
    func chain() {
        #expect(view([.forwardedFor: "6.6.6.6, 192.0.2.7, 10.0.0.9"]).address == "192.0.2.7")
        #expect(view([.forwardedFor: "10.0.0.8, 10.0.0.9"]).address == "10.0.0.8")
        #expect(view([.forwardedFor: "6.6.6.6, nonsense, 10.0.0.9"]).address == "10.0.0.9")
    }

    @Test("Forwarded is read with quotes, ports and IPv6, and wins over the X headers")
    func forwarded() {
        let headers: HTTPFields = [
            .forwarded: #"for=6.6.6.6;proto=http, for="[2001:db8::1]:4711"; proto=https;host="r.example""#,
            .forwardedFor: "1.2.3.4",
        ]
        #expect(view(headers) == ClientView(address: "2001:db8::1", scheme: "https", host: "r.example"))
        #expect(view([.forwarded: "for=unknown;proto=https"]).scheme == "https")
    }

    @Test(
        "a forwarded host that cannot stand in a URL is dropped",
        arguments: ["a b", "a/b", "a\"b", "a@b", "", "a\u{E9}"])
    func badHosts(_ host: String) {
        #expect(view([.forwardedHost: host]).host == "inside:8080")
    }

    @Test(
        "blocks of addresses",
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false),
            ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.128/25", "192.0.2.200", true), ("0.0.0.0/0", "8.8.8.8", true), ("192.0.2.1", "192.0.2.1", true),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("2001:db8::/32", "2001:db8:1::1", true), ("::1", "::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false), ("0.0.0.0/0", "::1", false),
            ("10.0.0.0/8", "nonsense", false),
        ])
    func ranges(_ range: String, _ address: String, _ expected: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(address) == expected)
    }

    @Test(
        "wrong blocks are refused",
        arguments: [
            "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0", "a", "", "::1/129", "1.2.3.4/8/9",
        ])
    func badRanges(_ text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test("a Unix socket's peer is trusted only when the settings say so")
    func unixSocket() {
        #expect(!proxies.contains("unix"))
        #expect(TrustedProxies(ranges: [], trustsUnixSocket: true).contains("unix"))
    }
}
