// SPDX-License-Identifier: Apache-2.0

/// A pattern for names, as Harbor's rules use it: `*` any text without `/`, `**` any text, `?` one character but `/`,
/// `[a-z]` and `[!a-z]` one of a set, `{a,b}` either, `\` takes the next character as it is. `**/` also matches nothing.
///
/// Matching walks all possibilities side by side and never turns back, so its time is at most the length of the pattern
/// times the length of the text. Characters are bytes: tags and repository names are ASCII.
package struct TagPattern: Sendable, Hashable {
    /// The pattern as it was written.
    package let text: String
    private let steps: [PatternStep]

    /// - Throws: ``PatternFault`` when `text` is no pattern.
    package init(_ text: String) throws(PatternFault) {
        guard !text.isEmpty, text.utf8.count <= 255 else { throw .length }
        var compiler = PatternCompiler(Array(text.utf8))
        self.text = text
        self.steps = try compiler.compile()
    }

    /// Whether all of `name` follows the pattern.
    package func matches(_ name: String) -> Bool {
        var threads = PatternThreads(count: steps.count)
        threads.add(0, steps)
        for byte in name.utf8 {
            threads.advance(over: byte, steps)
            if threads.isEmpty { return false }
        }
        return threads.holds(steps.count - 1)
    }
}

/// Why a text is no pattern.
package enum PatternFault: Error, Sendable, Hashable {
    case length
    case nesting
    case unclosed(Character)
    case emptySet
    case trailingEscape
    case tooMany

    var message: String {
        switch self {
        case .length: "must have 1 to 255 bytes"
        case .nesting: "has braces inside braces more than 8 deep"
        case .unclosed(let bracket): "has a \(bracket) without its partner"
        case .emptySet: "has a set without characters"
        case .trailingEscape: "ends in a backslash"
        case .tooMany: "is one too many: 100 is the most"
        }
    }
}
