// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An IPv4 or IPv6 address of a host: no zone, no port.
package struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// The version of the protocol.
    package enum Family: String, Hashable, Sendable, CaseIterable {
        case ipv4 = "IPv4"
        case ipv6 = "IPv6"

        /// The length of an address in bits.
        var bits: Int { self == .ipv4 ? 32 : 128 }
    }

    package let family: Family
    /// The address in network order: 4 or 16 bytes.
    let bytes: [UInt8]

    /// Reads `192.168.1.220` or `fd00::220`.
    package init?(_ text: some StringProtocol) {
        var storage = in6_addr()
        let text = String(text)
        if inet_pton(AF_INET, text, &storage) == 1 {
            family = .ipv4
        } else if inet_pton(AF_INET6, text, &storage) == 1 {
            family = .ipv6
        } else {
            return nil
        }
        let length = family.bits / 8
        bytes = withUnsafeBytes(of: storage) { Array($0.prefix(length)) }
    }

    /// The address in its shortest form.
    package var description: String {
        var text = [CChar](repeating: 0, count: 64)
        _ = inet_ntop(family == .ipv4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The address as it stands in a URL or before a port: IPv6 in brackets.
    package var bracketed: String {
        family == .ipv4 ? description : "[\(self)]"
    }

    /// The address with a length that holds this address alone: `192.168.1.220/32`.
    var alone: String { "\(self)/\(family.bits)" }

    /// Whether one host of its own may have the address.
    ///
    /// Unspecified, loopback, multicast, broadcast and link-local IPv6 addresses, and IPv4 in IPv6's clothes, are none.
    var isUsable: Bool {
        switch family {
        case .ipv4: bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224
        case .ipv6:
            bytes.dropLast().contains { $0 != 0 } && bytes[0] != 0xff
                && !(bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80)
                && !bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
        }
    }
}

/// An address together with the length of its network's prefix, as interfaces have it: `192.168.1.220/24`.
package struct NetworkPlace: Hashable, Sendable, CustomStringConvertible {
    package let address: NetworkAddress
    /// The length of the network's prefix in bits.
    package let prefix: Int

    /// Reads `192.168.1.220/24` or `fd00::220/64`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let prefix = Int(parts[1]),
            let address = NetworkAddress(parts[0]), (1...address.family.bits).contains(prefix)
        else { return nil }
        self.address = address
        self.prefix = prefix
    }

    package var description: String { "\(address)/\(prefix)" }

    /// Whether another address is in the same network.
    func reaches(_ other: NetworkAddress) -> Bool {
        guard other.family == address.family else { return false }
        return (0..<prefix).allSatisfy { bit(of: address, $0) == bit(of: other, $0) }
    }

    /// Whether the address is the one that stands for the network or for all of its hosts.
    ///
    /// IPv6 has no broadcast, and networks of two addresses or one (RFC 3021) give both to hosts.
    var isNetworkOrBroadcast: Bool {
        guard address.family == .ipv4, prefix < 31 else { return false }
        let rest = (prefix..<32).map { bit(of: address, $0) }
        return rest.allSatisfy { $0 } || !rest.contains(true)
    }

    private func bit(of address: NetworkAddress, _ place: Int) -> Bool {
        address.bytes[place / 8] & (0x80 >> UInt8(place % 8)) != 0
    }
}
