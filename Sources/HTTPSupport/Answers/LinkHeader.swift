// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes

/// Writes the `Link` header that leads to the next page: RFC 8288, with a URL relative to the server's root, so that it
/// is right behind any proxy.
package enum LinkHeader {
    /// - Parameters:
    ///   - path: The path of the list, as the request had it.
    ///   - query: Names and values in their order; both are escaped here.
    package static func next(_ path: String, _ query: [(name: String, value: String)]) -> String {
        var text = "<\(path)"
        for (index, pair) in query.enumerated() {
            text += index == 0 ? "?" : "&"
            text += "\(escape(pair.name))=\(escape(pair.value))"
        }
        return text + ">; rel=\"next\""
    }

    /// Percent-encodes everything but RFC 3986's unreserved characters.
    package static func escape(_ text: String) -> String {
        if text.utf8.allSatisfy(isUnreserved) { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), upperHex(byte >> 4), upperHex(byte & 15)]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func upperHex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
    }
}

extension HTTPField.Name {
    /// RFC 8288.
    package static let link = HTTPField.Name("Link")!  // a valid token
    package static let requestID = HTTPField.Name("X-Request-Id")!  // a valid token
}
