// SPDX-License-Identifier: Apache-2.0

package import Logging
import OCI

/// One line of the log: time, level, a fixed phrase, then `key=value` pairs in the order of their keys.
///
/// `2026-11-22T21:48:00.123456Z info    request answered method=GET request.id=01hx… status=200`
///
/// Values are quoted where they hold spaces, quotation marks or `=`; control characters are always escaped, so nothing
/// that a client sends can begin a line of its own.
package enum LogLine {
    /// The bytes of a line, its newline included.
    ///
    /// - Parameter time: Microseconds since 1970, UTC.
    package static func bytes(
        time: Int64, level: Logger.Level, message: String, metadata: Logger.Metadata
    ) -> [UInt8] {
        bytes(
            time: time, level: level, message: message,
            fields: metadata.sorted { $0.key < $1.key }.map { (key: $0.key, value: text(of: $0.value)) })
    }

    /// The bytes of a line whose fields are in their order already.
    static func bytes(
        time: Int64, level: Logger.Level, message: String, fields: [(key: String, value: String)]
    ) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(384)
        line += RFC3339.string(microseconds: time).utf8
        line.append(space)
        let name = level.rawValue
        line += name.utf8
        for _ in name.utf8.count..<9 { line.append(space) }
        append(message, to: &line)
        for (key, value) in fields {
            line.append(space)
            append(key, to: &line)
            line.append(UInt8(ascii: "="))
            appendValue(value, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// The most bytes one value takes; the rest is cut and marked with `…`.
    static let valueLimit = 2_048

    private static let space = UInt8(ascii: " ")

    private static func text(of value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let value): "\(value)"
        case .array(let values): "[" + values.map(text).joined(separator: ",") + "]"
        case .dictionary(let pairs):
            "{" + pairs.sorted { $0.key < $1.key }.map { "\($0.key):\(text(of: $0.value))" }.joined(separator: ",")
                + "}"
        }
    }

    private static func appendValue(_ value: String, to line: inout [UInt8]) {
        let isPlain =
            !value.isEmpty
            && value.utf8.allSatisfy { $0 > space && $0 != 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
        if isPlain {
            append(value, to: &line)
        } else {
            line.append(UInt8(ascii: "\""))
            append(value, quoted: true, to: &line)
            line.append(UInt8(ascii: "\""))
        }
    }

    private static func append(_ text: String, quoted: Bool = false, to line: inout [UInt8]) {
        if isPrintable(text, quoted: quoted) {
            line += text.utf8
            return
        }
        var written = 0
        for scalar in text.unicodeScalars {
            guard written < valueLimit else {
                line += "…".utf8
                return
            }
            written += 1
            switch scalar {
            case "\n": line += "\\n".utf8
            case "\r": line += "\\r".utf8
            case "\t": line += "\\t".utf8
            case "\"" where quoted, "\\" where quoted: line += "\\\(scalar)".utf8
            // C0, DEL, C1, and the two separators that some viewers break lines at.
            case let other
            where other.value < 0x20 || (0x7f...0x9f).contains(other.value) || (0x2028...0x2029).contains(other.value):
                line += "\\u{\(String(other.value, radix: 16))}".utf8
            default: line += UTF8.encode(scalar).map(Array.init) ?? []
            }
        }
    }

    /// Whether a text goes into the line as it is, as nearly all do.
    private static func isPrintable(_ text: String, quoted: Bool) -> Bool {
        text.utf8.count <= valueLimit
            && text.utf8.allSatisfy {
                (0x20...0x7e).contains($0)
                    && (!quoted || $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\"))
            }
    }
}
