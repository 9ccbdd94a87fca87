// SPDX-License-Identifier: Apache-2.0

/// Turns a pattern's text into steps, in one pass and with a stack of open braces.
struct PatternCompiler {
    private let bytes: [UInt8]
    private var position = 0
    private var steps: [PatternStep] = []
    private var braces: [Braces] = []

    /// One `{…}` that is not closed yet.
    private struct Braces {
        /// The split that leads into the alternative being read, to be told where the next one begins.
        var fork: Int
        /// Jumps at the ends of alternatives, to be told where the braces end.
        var exits: [Int] = []
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func compile() throws(PatternFault) -> [PatternStep] {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            try read(byte)
        }
        guard braces.isEmpty else { throw .unclosed("{") }
        steps.append(.end)
        return steps
    }

    private mutating func read(_ byte: UInt8) throws(PatternFault) {
        switch byte {
        case UInt8(ascii: "*"): readStars()
        case UInt8(ascii: "?"): steps.append(.take(.segment))
        case UInt8(ascii: "["): try readSet()
        case UInt8(ascii: "{"): try openBraces()
        case UInt8(ascii: ",") where !braces.isEmpty: nextAlternative()
        case UInt8(ascii: "}") where !braces.isEmpty: closeBraces()
        case UInt8(ascii: "\\"): steps.append(.take(ByteSet(try readEscaped())))
        default: steps.append(.take(ByteSet(byte)))
        }
    }

    private mutating func readStars() {
        guard peek == UInt8(ascii: "*") else { return repeatAny(of: .segment) }
        while peek == UInt8(ascii: "*") { position += 1 }
        guard peek == UInt8(ascii: "/") else { return repeatAny(of: .all) }
        // `**/` is any number of whole segments, none included.
        position += 1
        let fork = steps.count
        steps.append(.end)
        repeatAny(of: .all)
        steps.append(.take(ByteSet(UInt8(ascii: "/"))))
        steps[fork] = .split(fork + 1, steps.count)
    }

    private mutating func repeatAny(of set: ByteSet) {
        let start = steps.count
        steps += [.split(start + 1, start + 3), .take(set), .jump(start)]
    }

    private mutating func readEscaped() throws(PatternFault) -> UInt8 {
        guard let byte = peek else { throw .trailingEscape }
        position += 1
        return byte
    }

    private mutating func readSet() throws(PatternFault) {
        let isInverted = peek == UInt8(ascii: "!") || peek == UInt8(ascii: "^")
        if isInverted { position += 1 }
        var set = ByteSet()
        var isEmpty = true
        while let byte = peek, byte != UInt8(ascii: "]") {
            let first = try readMember()
            var last = first
            if peek == UInt8(ascii: "-"), position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "]") {
                position += 1
                last = try readMember()
            }
            guard first <= last else { throw .emptySet }
            for member in first...last { set.insert(member) }
            isEmpty = false
        }
        guard peek != nil else { throw .unclosed("[") }
        guard !isEmpty else { throw .emptySet }
        position += 1
        if isInverted {
            set.insert(UInt8(ascii: "/"))
            set = set.inverted
        }
        steps.append(.take(set))
    }

    private mutating func readMember() throws(PatternFault) -> UInt8 {
        guard let byte = peek else { throw .unclosed("[") }
        position += 1
        return byte == UInt8(ascii: "\\") ? try readEscaped() : byte
    }

    private mutating func openBraces() throws(PatternFault) {
        guard braces.count < 8 else { throw .nesting }
        braces.append(Braces(fork: steps.count))
        steps.append(.end)
    }

    private mutating func nextAlternative() {
        let last = braces.count - 1
        braces[last].exits.append(steps.count)
        steps.append(.end)
        steps[braces[last].fork] = .split(braces[last].fork + 1, steps.count)
        braces[last].fork = steps.count
        steps.append(.end)
    }

    private mutating func closeBraces() {
        let closed = braces.removeLast()
        steps[closed.fork] = .jump(closed.fork + 1)
        for exit in closed.exits { steps[exit] = .jump(steps.count) }
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }
}
