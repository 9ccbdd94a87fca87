// SPDX-License-Identifier: Apache-2.0

/// The address that clients use: scheme, host and port, nothing behind them.
package struct RegistryURL: Hashable, Sendable, CustomStringConvertible {
    /// The protocol that clients speak.
    package enum Scheme: String, Hashable, Sendable {
        case http, https

        var port: Int { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// A host name, or an IP address without brackets.
    package let host: String
    package let port: Int

    /// Reads `https://registry.example.com`, `http://192.168.1.220:8080` or `http://[fd00::220]`.
    package init?(_ text: String) {
        guard let mark = text.firstRange(of: "://"), let scheme = Scheme(rawValue: String(text[..<mark.lowerBound]))
        else { return nil }
        var rest = text[mark.upperBound...]
        if rest.hasSuffix("/") { rest.removeLast() }
        guard let (host, tail) = rest.hasPrefix("[") ? Self.inBrackets(rest) : Self.name(rest) else { return nil }
        self.scheme = scheme
        self.host = host
        if tail.isEmpty {
            port = scheme.port
        } else {
            guard tail.hasPrefix(":"), let port = PortNumber.read(tail.dropFirst()) else { return nil }
            self.port = port
        }
    }

    /// The host when it is an address.
    var address: NetworkAddress? { NetworkAddress(host) }

    package var description: String {
        let host = address?.bracketed ?? host
        return port == scheme.port ? "\(scheme.rawValue)://\(host)" : "\(scheme.rawValue)://\(host):\(port)"
    }

    private static func inBrackets(_ text: Substring) -> (String, Substring)? {
        guard let close = text.firstIndex(of: "]"), let address = NetworkAddress(text[..<close].dropFirst()),
            address.family == .ipv6
        else { return nil }
        return (address.description, text[text.index(after: close)...])
    }

    private static func name(_ text: Substring) -> (String, Substring)? {
        let host = text.prefix { $0 != ":" }
        guard HostName.isOne(host) else { return nil }
        return (String(host), text[host.endIndex...])
    }
}

/// A TCP port in text.
enum PortNumber {
    static func read(_ text: some StringProtocol) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(text), (1...65_535).contains(port)
        else { return nil }
        return port
    }
}

/// Names of hosts: labels of letters, digits and inner hyphens with dots between (RFC 1123, section 2.1).
enum HostName {
    static func isOne(_ text: some StringProtocol) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}
