// SPDX-License-Identifier: Apache-2.0

/// What a `Range` header asks of something with a known size: RFC 9110, section 14.
package enum ByteRange: Sendable, Hashable {
    /// Everything: no range, one in other units or of wrong form, or several at once.
    case whole
    /// These bytes, never empty.
    case part(Range<Int64>)
    /// Nothing that exists; answered with 416.
    case unsatisfiable

    /// - Parameters:
    ///   - header: The header's value, nil without one.
    ///   - size: The whole length in bytes.
    package init(_ header: String?, size: Int64) {
        guard let header, let dash = Self.singleSpec(header) else {
            self = .whole
            return
        }
        switch (dash.first, dash.last) {
        case (let first?, nil):
            self = first < size ? .part(first..<size) : .unsatisfiable
        case (let first?, let last?) where last >= first:
            self = first < size ? .part(first..<min(last + 1, size)) : .unsatisfiable
        case (nil, let suffix?):
            self = suffix > 0 && size > 0 ? .part(max(0, size - suffix)..<size) : .unsatisfiable
        case (_?, _?):
            // RFC 9110 calls this form invalid; the distribution-spec's suite knows no such difference and wants 416.
            self = .unsatisfiable
        case (nil, nil):
            self = .whole
        }
    }

    /// Reads `bytes=first-last`; nil when it is anything else or a list.
    private static func singleSpec(_ header: String) -> (first: Int64?, last: Int64?)? {
        guard header.utf8.count <= 64, let equals = header.firstIndex(of: "="),
            header[..<equals].lowercased() == "bytes"
        else { return nil }
        let spec = header[header.index(after: equals)...].filter { $0 != " " && $0 != "\t" }
        guard let dash = spec.firstIndex(of: "-") else { return nil }
        let (first, last) = (spec[..<dash], spec[spec.index(after: dash)...])
        guard first.isEmpty || number(first) != nil, last.isEmpty || number(last) != nil else { return nil }
        return (number(first), number(last))
    }

    /// A decimal number; one too large for any file is the largest there is.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text).map { min($0, .max - 1) } ?? .max - 1
    }
}
