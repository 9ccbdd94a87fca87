// SPDX-License-Identifier: Apache-2.0

/// The header that a proxy puts before a connection's bytes to say who the client is: the PROXY protocol of HAProxy,
/// versions 1 and 2, read strictly.
struct ProxyHeader: Hashable {
    /// The client's address; nil when the proxy speaks for itself (`LOCAL`, `UNKNOWN`).
    var address: String?
    /// Whether the client reached the proxy over TLS; only version 2 can say so.
    var isSecure = false
    /// Bytes of the connection that the header takes.
    var length: Int

    enum Reading: Hashable {
        case incomplete
        case header(ProxyHeader)
        case invalid
    }

    /// Reads the header from the first bytes of a connection.
    static func read(_ bytes: [UInt8]) -> Reading {
        if isPrefix(bytes, of: signature2) { return bytes.count < 16 ? .incomplete : readBinary(bytes) }
        if isPrefix(bytes, of: signature1) { return readText(bytes) }
        return .invalid
    }

    private static let signature1 = Array("PROXY ".utf8)
    private static let signature2: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
    /// Section 2.1: 107 bytes are enough for every line.
    private static let longestLine = 107
    /// More than any proxy adds; the format allows 65,535.
    private static let longestBinary = 4096

    private static func isPrefix(_ bytes: [UInt8], of signature: [UInt8]) -> Bool {
        zip(bytes, signature).allSatisfy { $0 == $1 }
    }

    // MARK: - Version 1

    private static func readText(_ bytes: [UInt8]) -> Reading {
        guard let end = bytes.prefix(longestLine).firstIndex(of: 10) else {
            return bytes.count >= longestLine ? .invalid : .incomplete
        }
        guard end > 0, bytes[end - 1] == 13, let line = String(validating: bytes[..<(end - 1)], as: UTF8.self) else {
            return .invalid
        }
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        if words.count >= 2, words[1] == "UNKNOWN" { return .header(ProxyHeader(length: end + 1)) }
        guard words.count == 6, let width = ["TCP4": 4, "TCP6": 16][words[1]],
            AddressRange.rawBytes(of: String(words[2]))?.count == width,
            AddressRange.rawBytes(of: String(words[3]))?.count == width, isPort(words[4]), isPort(words[5])
        else { return .invalid }
        return .header(ProxyHeader(address: String(words[2]), length: end + 1))
    }

    private static func isPort(_ word: Substring) -> Bool {
        guard let first = word.utf8.first, word == "0" || first != UInt8(ascii: "0") else { return false }
        return word.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && UInt16(word) != nil
    }

    // MARK: - Version 2

    private static func readBinary(_ bytes: [UInt8]) -> Reading {
        let length = 16 + (Int(bytes[14]) << 8 | Int(bytes[15]))
        guard bytes[12] >> 4 == 2, bytes[12] & 15 <= 1, length <= longestBinary else { return .invalid }
        guard bytes.count >= length else { return .incomplete }
        if bytes[12] & 15 == 0 { return .header(ProxyHeader(length: length)) }  // LOCAL: the proxy's own health check
        let body = bytes[16..<length]
        switch bytes[13] {
        case 0x11: return address(4, body, tail: 12, length)
        case 0x21: return address(16, body, tail: 36, length)
        case 0x00, 0x31: return .header(ProxyHeader(length: length))  // unspecified, or a Unix socket at the proxy
        default: return .invalid
        }
    }

    private static func address(_ width: Int, _ body: ArraySlice<UInt8>, tail: Int, _ length: Int) -> Reading {
        guard body.count >= tail, let address = AddressRange.text(of: Array(body.prefix(width))) else {
            return .invalid
        }
        guard let isSecure = hasTLS(body.dropFirst(tail)) else { return .invalid }
        return .header(ProxyHeader(address: address, isSecure: isSecure, length: length))
    }

    /// Whether the field PP2_TYPE_SSL says that the client used TLS; nil when the fields are cut.
    private static func hasTLS(_ fields: ArraySlice<UInt8>) -> Bool? {
        var rest = fields
        var found = false
        while !rest.isEmpty {
            guard rest.count >= 3 else { return nil }
            let (kind, high, low) = (rest[rest.startIndex], rest[rest.startIndex + 1], rest[rest.startIndex + 2])
            let value = rest.dropFirst(3).prefix(Int(high) << 8 | Int(low))
            guard value.count == Int(high) << 8 | Int(low) else { return nil }
            if kind == 0x20, let client = value.first, client & 1 != 0 { found = true }
            rest = rest.dropFirst(3 + value.count)
        }
        return found
    }
}
