// SPDX-License-Identifier: Apache-2.0

/// What can be wrong in the path of a request.
package enum PathFault: Error, Hashable {
    case badEscape
    case encodedSlash
    case nul
    case notUTF8
    case dotSegment

    /// A sentence for the client.
    package var message: String {
        switch self {
        case .badEscape: "a % in the path must be followed by two hexadecimal digits"
        case .encodedSlash: "the path has an encoded slash; write slashes as they are"
        case .nul: "the path has a NUL byte"
        case .notUTF8: "the path is not valid UTF-8"
        case .dotSegment: "the path has a segment . or .."
        }
    }
}

/// Reads the text of a path: percent escapes are decoded exactly once (RFC 3986, section 2.4), and nothing that could
/// make two readers see two paths passes.
package enum PathText {
    /// Decodes a whole path for a parser that splits it at slashes afterwards.
    ///
    /// - Throws: ``PathFault`` for encoded slashes and backslashes, NUL, bad escapes, text that is not UTF-8, and for
    ///   segments `.` and `..`, encoded ones too.
    package static func path(_ raw: String) throws(PathFault) -> String {
        if isPlain(raw) { return raw }
        let text = try decode(raw, allowingSlash: false)
        for segment in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
        where segment.count <= 2 && segment.allSatisfy({ $0 == UInt8(ascii: ".") }) {
            throw .dotSegment
        }
        return text
    }

    /// Whether nothing in a path needs a closer look, as in nearly all: no escape, and no segment that begins with a dot.
    private static func isPlain(_ raw: String) -> Bool {
        var previous = UInt8(ascii: "/")
        for byte in raw.utf8 {
            if byte == 0 || byte >= 0x80 || byte == UInt8(ascii: "%") { return false }
            if byte == UInt8(ascii: "."), previous == UInt8(ascii: "/") { return false }
            previous = byte
        }
        return true
    }

    /// Decodes the percent escapes of one piece of a path or of a query value.
    static func decode(_ raw: some StringProtocol, allowingSlash: Bool) throws(PathFault) -> String {
        if raw.utf8.allSatisfy({ $0 != UInt8(ascii: "%") && $0 != 0 && $0 < 0x80 }) { return String(raw) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.utf8.count)
        var rest = raw.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                if byte == 0 { throw .nul }
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(hexDigit), let low = rest.next().flatMap(hexDigit) else {
                throw .badEscape
            }
            let decoded = high << 4 | low
            if decoded == 0 { throw .nul }
            if !allowingSlash, decoded == UInt8(ascii: "/") || decoded == UInt8(ascii: "\\") { throw .encodedSlash }
            bytes.append(decoded)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    /// The value of a hexadecimal digit.
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
