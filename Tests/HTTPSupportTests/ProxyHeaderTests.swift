// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import HTTPSupport

struct ProxyHeaderTests {
    @Test(
        "a line of version 1 names the client",
        arguments: [
            ("PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n", "192.0.2.7"),
            ("PROXY TCP6 2001:db8::7 fd00::1 1 65535\r\n", "2001:db8::7"), ("PROXY UNKNOWN\r\n", nil),
            ("PROXY UNKNOWN whatever it says\r\n", nil),
        ] as [(String, String?)])
    func text(_ line: String, _ address: String?) {
        let expected = ProxyHeader(address: address, length: line.utf8.count)
        #expect(ProxyHeader.read(Array(line.utf8) + Array("GET /".utf8)) == .header(expected))
    }

    @Test(
        "a wrong line is refused",
        arguments: [
            "GET / HTTP/1.1\r\n", "PROXY\r\n", "PROXY TCP4\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
            "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
            "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
        ])
    func badText(_ line: String) {
        #expect(ProxyHeader.read(Array(line.utf8)) == .invalid)
    }

    @Test("a header may come byte by byte, but no line is longer than 107 bytes")
    func pieces() {
        let line = Array("PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n".utf8)
        for count in 0..<line.count { #expect(ProxyHeader.read(Array(line[..<count])) == .incomplete) }
        #expect(ProxyHeader.read(Array(("PROXY UNKNOWN " + String(repeating: "a", count: 93)).utf8)) == .invalid)
        let binary = Self.binary(command: 0x21, family: 0x11, body: Self.four)
        for count in 0..<binary.count { #expect(ProxyHeader.read(Array(binary[..<count])) == .incomplete) }
    }

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
    private static let four: [UInt8] = [192, 0, 2, 7, 10, 0, 0, 1, 0xDC, 4, 1, 0xBB]

    private static func binary(command: UInt8, family: UInt8, body: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(body.count >> 8), UInt8(body.count & 255)] + body
    }

    @Test("a header of version 2 names the client, and whether it used TLS")
    func binary() {
        let plain = Self.binary(command: 0x21, family: 0x11, body: Self.four)
        #expect(ProxyHeader.read(plain + [1, 2]) == .header(ProxyHeader(address: "192.0.2.7", length: 28)))
        let secure = Self.binary(command: 0x21, family: 0x11, body: Self.four + [0x20, 0, 5, 1, 0, 0, 0, 0])
        #expect(ProxyHeader.read(secure) == .header(ProxyHeader(address: "192.0.2.7", isSecure: true, length: 36)))
        let six = [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [7] + [UInt8](repeating: 1, count: 20)
        #expect(
            ProxyHeader.read(Self.binary(command: 0x21, family: 0x21, body: six))
                == .header(ProxyHeader(address: "2001:db8::7", length: 52)))
        #expect(
            ProxyHeader.read(Self.binary(command: 0x20, family: 0, body: [])) == .header(ProxyHeader(length: 16)))
    }

    @Test("a wrong header of version 2 is refused")
    func badBinary() {
        #expect(ProxyHeader.read(Self.binary(command: 0x11, family: 0x11, body: Self.four)) == .invalid)
        #expect(ProxyHeader.read(Self.binary(command: 0x22, family: 0x11, body: Self.four)) == .invalid)
        #expect(ProxyHeader.read(Self.binary(command: 0x21, family: 0x12, body: Self.four)) == .invalid)
        #expect(ProxyHeader.read(Self.binary(command: 0x21, family: 0x11, body: [1, 2, 3])) == .invalid)
        #expect(ProxyHeader.read(Self.binary(command: 0x21, family: 0x11, body: Self.four + [0x20, 0, 9])) == .invalid)
        #expect(ProxyHeader.read(Self.signature + [0x21, 0x11, 0xFF, 0xFF]) == .invalid)
    }
}
