// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes

/// Who the client is and how it sees this server.
package struct ClientView: Sendable, Hashable {
    package var address: String
    package var scheme: String
    package var host: String

    package init(address: String, scheme: String, host: String) {
        (self.address, self.scheme, self.host) = (address, scheme, host)
    }

    /// Takes what the headers of trusted proxies add.
    ///
    /// `Forwarded` (RFC 7239) wins over `X-Forwarded-For`, `-Proto` and `-Host`. The chain of addresses is read from its
    /// end, for only what trusted proxies appended can be believed: the first address from the right that is not itself
    /// a trusted proxy is the client.
    ///
    /// - Parameters:
    ///   - direct: What the connection itself says; `direct.address` is the peer.
    package init(direct: ClientView, headers: HTTPFields, trusting proxies: TrustedProxies) {
        self = direct
        guard proxies.contains(direct.address) else { return }
        let hops = Self.hops(headers)
        for hop in hops.reversed() {
            guard let address = hop.address else { break }
            self.address = address
            if let scheme = hop.scheme { self.scheme = scheme }
            if let host = hop.host { self.host = host }
            guard proxies.contains(address) else { break }
        }
        if hops.last?.address == nil, let hop = hops.last {
            if let scheme = hop.scheme { self.scheme = scheme }
            if let host = hop.host { self.host = host }
        }
    }

    /// What one proxy said.
    private struct Hop {
        var address: String?
        var scheme: String?
        var host: String?
    }

    private static func hops(_ headers: HTTPFields) -> [Hop] {
        if let forwarded = headers[.forwarded] { return forwarded.split(separator: ",").map(forwardedHop) }
        let addresses = list(headers[.forwardedFor]).map(bareAddress)
        var hops = addresses.isEmpty ? [Hop()] : addresses.map { Hop(address: $0) }
        let schemes = list(headers[.forwardedProto]).map(validScheme)
        let hosts = list(headers[.forwardedHost]).map(validHost)
        for index in hops.indices {
            // As many values as addresses were appended hop by hop; otherwise only the last one was surely written by
            // a trusted proxy, and it holds for the whole chain.
            hops[index].scheme = schemes.count == hops.count ? schemes[index] : schemes.last ?? nil
            hops[index].host = hosts.count == hops.count ? hosts[index] : hosts.last ?? nil
        }
        return hops
    }

    private static func forwardedHop(_ element: Substring) -> Hop {
        var hop = Hop()
        for pair in element.split(separator: ";") {
            guard let equals = pair.firstIndex(of: "=") else { continue }
            let value = unquoted(trimmed(pair[pair.index(after: equals)...]))
            switch trimmed(pair[..<equals]).lowercased() {
            case "for": hop.address = bareAddress(value)
            case "proto": hop.scheme = validScheme(value)
            case "host": hop.host = validHost(value)
            default: break
            }
        }
        return hop
    }

    private static func list(_ header: String?) -> [String] {
        (header ?? "").split(separator: ",").map { String(trimmed($0)) }.filter { !$0.isEmpty }
    }

    /// The address without brackets and port; nil when it is no IP address (`unknown`, `_hidden`).
    private static func bareAddress(_ text: String) -> String? {
        var text = text[...]
        if text.first == "[", let close = text.firstIndex(of: "]") {
            text = text[text.index(after: text.startIndex)..<close]
        } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            text = text[..<colon]
        }
        return AddressRange.bytes(of: String(text)) == nil ? nil : String(text)
    }

    private static func validScheme(_ text: String) -> String? {
        let scheme = text.lowercased()
        return scheme == "http" || scheme == "https" ? scheme : nil
    }

    /// A host and port that can stand in a URL; anything else is not believed.
    static func validHost(_ text: String) -> String? {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
                true
            default: false
            }
        }
        return isPlain && !text.isEmpty && text.utf8.count <= 255 ? text : nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    private static func unquoted(_ text: Substring) -> String {
        text.count >= 2 && text.first == "\"" && text.last == "\"" ? String(text.dropFirst().dropLast()) : String(text)
    }
}

extension HTTPField.Name {
    static let forwarded = HTTPField.Name("Forwarded")!  // valid tokens, all four
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")!
    static let forwardedHost = HTTPField.Name("X-Forwarded-Host")!
}
