// SPDX-License-Identifier: Apache-2.0

/// An entity tag: RFC 9110, section 8.8.3.
package struct ETag: Sendable, Hashable, CustomStringConvertible {
    /// The text between the quotes.
    package let value: String
    package let isWeak: Bool

    package init(_ value: String, isWeak: Bool = false) {
        self.value = value
        self.isWeak = isWeak
    }

    /// Reads one tag as a header has it: quotes, and a `W/` before them when it is weak.
    package init?(parsing text: some StringProtocol) {
        let isWeak = text.hasPrefix("W/")
        let quoted = isWeak ? text.dropFirst(2) : text[...]
        guard quoted.utf8.count >= 2, quoted.first == "\"", quoted.last == "\"" else { return nil }
        let value = quoted.dropFirst().dropLast()
        guard !value.contains("\"") else { return nil }
        self.init(String(value), isWeak: isWeak)
    }

    package var description: String { isWeak ? "W/\"\(value)\"" : "\"\(value)\"" }

    /// Whether `If-None-Match` names this tag, by weak comparison (RFC 9110, section 13.1.2). `*` names every tag.
    ///
    /// - Parameter header: The header's value; several headers joined by commas. Unquoted tags, which some registry
    ///   clients send, are understood too.
    package func matches(ifNoneMatch header: String) -> Bool {
        var rest = header[...]
        while let entry = Self.nextEntry(&rest) {
            if entry == "*" || ETag(parsing: entry)?.value == value || entry == value { return true }
        }
        return false
    }

    /// Whether `If-Range` names this tag, by strong comparison (RFC 9110, section 13.1.5). A date never does.
    package func matches(ifRange header: String) -> Bool {
        !isWeak && ETag(parsing: header) == self
    }

    /// Takes one entry of a comma-separated list; commas inside quotes belong to the tag.
    private static func nextEntry(_ rest: inout Substring) -> Substring? {
        while let first = rest.first, first == "," || first == " " || first == "\t" { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        var inQuotes = false
        let end = rest.firstIndex { character in
            if character == "\"" { inQuotes.toggle() }
            return character == "," && !inQuotes
        }
        var entry = rest[..<(end ?? rest.endIndex)]
        while let last = entry.last, last == " " || last == "\t" { entry.removeLast() }
        rest = rest[(end ?? rest.endIndex)...]
        return entry
    }
}
