// SPDX-License-Identifier: Apache-2.0
import Glibc
package import NIOCore

/// A block of addresses in CIDR form, or one address: RFC 4632, RFC 4291.
package struct AddressRange: Sendable, Hashable {
    private let prefix: [UInt8]
    private let length: Int

    /// - Parameter text: `10.0.0.0/8`, `2001:db8::/32` or a single address. Bits beyond the length must be zero.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let bytes = Self.bytes(of: String(parts[0])) else { return nil }
        let bits = bytes.count * 8
        guard let length = parts.count == 2 ? Int(parts[1]) : bits, (0...bits).contains(length) else { return nil }
        (prefix, self.length) = (bytes, length)
        for bit in length..<bits where bytes[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 { return nil }
    }

    /// Whether an address in text form lies in the block. IPv4 addresses inside IPv6 (`::ffff:a.b.c.d`) count as IPv4.
    package func contains(_ address: String) -> Bool {
        guard let bytes = Self.bytes(of: address), bytes.count == prefix.count else { return false }
        let whole = length / 8
        guard bytes[..<whole] == prefix[..<whole] else { return false }
        let rest = length % 8
        return rest == 0 || (bytes[whole] ^ prefix[whole]) >> UInt8(8 - rest) == 0
    }

    /// The bytes of an address, 4 or 16, in network order; an IPv4 address inside IPv6 gives its 4.
    static func bytes(of text: String) -> [UInt8]? {
        guard let bytes = rawBytes(of: text), bytes.count == 16 else { return rawBytes(of: text) }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes[12...]) : bytes
    }

    /// The bytes of an address as it is written.
    static func rawBytes(of text: String) -> [UInt8]? {
        // Plain bytes, not in_addr: which module its members belong to depends on what else the build imports.
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes[..<4]) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    /// Writes an address of 4 or 16 bytes.
    static func text(of bytes: [UInt8]) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The proxies whose word about the client is believed.
package struct TrustedProxies: Sendable, Hashable {
    private let ranges: [AddressRange]
    private let trustsUnixSocket: Bool

    /// Believes nobody.
    package static let none = TrustedProxies(ranges: [])

    package init(ranges: [AddressRange], trustsUnixSocket: Bool = false) {
        self.ranges = ranges
        self.trustsUnixSocket = trustsUnixSocket
    }

    /// Whether a peer's word counts.
    ///
    /// - Parameter peer: An address in text form; `unix` for a peer on a Unix socket.
    package func contains(_ peer: String) -> Bool {
        peer == "unix" ? trustsUnixSocket : ranges.contains { $0.contains(peer) }
    }

    /// Whether anybody is believed at all.
    var isEmpty: Bool { ranges.isEmpty && !trustsUnixSocket }
}

extension SocketAddress {
    /// The address without port, `unix` for Unix sockets.
    package var peerName: String { ipAddress.map(Self.unmapped) ?? "unix" }

    private static func unmapped(_ address: String) -> String {
        address.hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
    }
}
