// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Percent coding as RFC 3986 has it.
enum Percent {
    /// The text with everything but unreserved characters coded, and `/` too unless `keepingSlashes`.
    static func encoded(_ text: some StringProtocol, keepingSlashes: Bool = false) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            let isPlain = byte < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
            if isPlain || (keepingSlashes && character == "/") { return String(character) }
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count == 1 ? "%0\(digits)" : "%\(digits)"
        }.joined()
    }

    /// The text with every coded byte decoded; a `%` that codes nothing stays.
    static func decoded(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let coded = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(coded)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// As much XML as the doubles of object stores need.
enum DoubleXML {
    /// `<name>text</name>` with the text escaped.
    static func element(_ name: String, _ text: some CustomStringConvertible) -> String {
        "<\(name)>\(escaped(text.description))</\(name)>"
    }

    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
    }

    /// The texts of every element with one of these names, with the name, in document order; for elements without
    /// children.
    static func leaves(_ names: [String], in document: String) -> [(name: String, text: String)] {
        var found: [(String, String)] = []
        for piece in document.components(separatedBy: "<").dropFirst() {
            let sides = piece.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
            let name = sides[0].split(separator: " ").first.map(String.init) ?? ""
            guard names.contains(name), sides.count == 2 else { continue }
            let text = sides[1].replacingOccurrences(of: "&lt;", with: "<").replacingOccurrences(of: "&gt;", with: ">")
                .replacingOccurrences(of: "&quot;", with: "\"").replacingOccurrences(of: "&#34;", with: "\"")
                .replacingOccurrences(of: "&amp;", with: "&")
            found.append((name, text.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
        return found
    }
}

/// Dates as HTTP and signatures write them, all in UTC.
enum DoubleDate {
    /// `Wed, 25 Nov 2026 13:40:54 GMT`.
    static func http(_ date: Date) -> String { formatter("EEE, dd MMM yyyy HH:mm:ss 'GMT'").string(from: date) }

    static func parseHTTP(_ text: String) -> Date? {
        formatter("EEE, dd MMM yyyy HH:mm:ss 'GMT'").date(from: text)
    }

    /// `20261125T134054Z`.
    static func parseBasic(_ text: String) -> Date? { formatter("yyyyMMdd'T'HHmmss'Z'").date(from: text) }

    /// `2026-11-25T13:40:54Z`.
    static func parseISO(_ text: String) -> Date? { formatter("yyyy-MM-dd'T'HH:mm:ss'Z'").date(from: text) }

    /// `2026-11-25T13:40:54.000Z`, the fraction always zero as OSS has it.
    static func iso(_ date: Date) -> String { formatter("yyyy-MM-dd'T'HH:mm:ss'.000Z'").string(from: date) }

    private static func formatter(_ format: String) -> DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = format
        return formatter
    }
}
