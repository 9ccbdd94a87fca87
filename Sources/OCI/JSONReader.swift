// SPDX-License-Identifier: Apache-2.0

/// The reader behind ``JSONValue/init(parsing:limits:)``: one pass over the bytes, depth bounded.
struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: JSONLimits
    private var offset = 0
    private var valueCount = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func readText() throws(JSONError) -> JSONValue {
        let value = try readValue(depth: 0)
        skipBlanks()
        guard offset == bytes.count else { throw .trailingBytes(offset: offset) }
        return value
    }

    private mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
        valueCount += 1
        guard valueCount <= limits.values else { throw .tooManyValues(limit: limits.values) }
        skipBlanks()
        switch try peek() {
        case UInt8(ascii: "{"): return .object(try readObject(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try readArray(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try readNumber())
        case let byte: throw .unexpectedByte(byte, offset: offset)
        }
    }
}

// MARK: - Objects and arrays

extension JSONReader {
    private mutating func readObject(depth: Int) throws(JSONError) -> [JSONMember] {
        try enter(depth)
        var members: [JSONMember] = []
        var keys = KeySet()
        guard try !closes(UInt8(ascii: "}")) else { return members }
        repeat {
            skipBlanks()
            guard try peek() == UInt8(ascii: "\"") else { throw .unexpectedByte(bytes[offset], offset: offset) }
            let key = try readString()
            guard keys.insert(key, after: members) else { throw .duplicateKey(key) }
            skipBlanks()
            guard try peek() == UInt8(ascii: ":") else { throw .unexpectedByte(bytes[offset], offset: offset) }
            offset += 1
            members.append(JSONMember(key: key, value: try readValue(depth: depth)))
        } while try continues(before: UInt8(ascii: "}"))
        return members
    }

    private mutating func readArray(depth: Int) throws(JSONError) -> [JSONValue] {
        try enter(depth)
        var values: [JSONValue] = []
        guard try !closes(UInt8(ascii: "]")) else { return values }
        repeat {
            values.append(try readValue(depth: depth))
        } while try continues(before: UInt8(ascii: "]"))
        return values
    }

    private mutating func enter(_ depth: Int) throws(JSONError) {
        guard depth <= limits.depth else { throw .tooDeep(limit: limits.depth) }
        offset += 1
    }

    private mutating func closes(_ end: UInt8) throws(JSONError) -> Bool {
        skipBlanks()
        guard try peek() == end else { return false }
        offset += 1
        return true
    }

    /// Reads the comma before another element, or the end.
    private mutating func continues(before end: UInt8) throws(JSONError) -> Bool {
        skipBlanks()
        let byte = try peek()
        guard byte == end || byte == UInt8(ascii: ",") else { throw .unexpectedByte(byte, offset: offset) }
        offset += 1
        return byte != end
    }
}

// MARK: - Scalars

extension JSONReader {
    private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            let byte = try peek()
            guard byte == word.utf8Start[index] else { throw .unexpectedByte(byte, offset: offset) }
            offset += 1
        }
        return value
    }

    private mutating func readNumber() throws(JSONError) -> String {
        let start = offset
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        let firstDigit = offset
        guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
        guard bytes[firstDigit] != UInt8(ascii: "0") || offset == firstDigit + 1 else {
            throw .invalidNumber(offset: start)
        }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
        }
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while offset < bytes.count, ASCII.isDigit(bytes[offset]) { offset += 1 }
        return offset - start
    }

    private mutating func skipBlanks() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard offset < bytes.count else { throw .endsTooSoon }
        return bytes[offset]
    }
}

// MARK: - Strings

extension JSONReader {
    /// Reads a string from its opening to its closing quotation mark.
    private mutating func readString() throws(JSONError) -> String {
        let start = offset
        offset += 1
        try skipPlain()
        if bytes[offset] == UInt8(ascii: "\"") {  // most strings hold no escape: no second buffer
            defer { offset += 1 }
            return try text(UnsafeBufferPointer(rebasing: bytes[(start + 1)..<offset]), from: start)
        }
        var decoded = Array(bytes[(start + 1)..<offset])
        while bytes[offset] != UInt8(ascii: "\"") {
            try readEscape(into: &decoded)
            let plain = offset
            try skipPlain()
            decoded.append(contentsOf: bytes[plain..<offset])
        }
        offset += 1
        return try decoded.withUnsafeBufferPointer { (buffer) throws(JSONError) in try text(buffer, from: start) }
    }

    /// Moves to the next quotation mark or backslash.
    private mutating func skipPlain() throws(JSONError) {
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            guard byte >= 0x20 else { throw .controlCharacter(offset: offset) }
            offset += 1
        }
        throw .endsTooSoon
    }

    private func text(_ buffer: UnsafeBufferPointer<UInt8>, from start: Int) throws(JSONError) -> String {
        guard let text = String(validating: buffer, as: UTF8.self) else { throw .notUTF8(offset: start) }
        return text
    }

    private mutating func readEscape(into decoded: inout [UInt8]) throws(JSONError) {
        let start = offset
        offset += 1
        let letter = try peek()
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(letter)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"): decoded.append(contentsOf: String(try readUnicode(from: start)).utf8)
        default: throw .invalidEscape(offset: start)
        }
    }

    private mutating func readUnicode(from start: Int) throws(JSONError) -> Unicode.Scalar {
        let unit = try readHex(from: start)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard (0xD800..<0xDC00).contains(unit), offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
            bytes[offset + 1] == UInt8(ascii: "u")
        else { throw .loneSurrogate(offset: start) }
        offset += 2
        let low = try readHex(from: start)
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw .loneSurrogate(offset: start) }
        return scalar
    }

    private mutating func readHex(from start: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            switch try peek() {
            case let digit where ASCII.isDigit(digit): value = value << 4 | UInt32(digit - UInt8(ascii: "0"))
            case let letter where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(letter | 0x20):
                value = value << 4 | UInt32(letter | 0x20 - UInt8(ascii: "a") + 10)
            default: throw .invalidEscape(offset: start)
            }
            offset += 1
        }
        return value
    }
}

/// The keys of one object, by their bytes: strings compare by canonical equivalence, which JSON does not know.
private struct KeySet {
    private struct Key: Hashable {
        let text: String

        static func == (left: Key, right: Key) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    private var keys: Set<Key> = []

    /// Adds a key to those of `members`. Small objects are searched, as a set would cost more than it saves.
    mutating func insert(_ key: String, after members: [JSONMember]) -> Bool {
        if members.count < 12 { return !members.contains { $0.key.utf8.elementsEqual(key.utf8) } }
        if keys.isEmpty { keys = Set(members.map { Key(text: $0.key) }) }
        return keys.insert(Key(text: key)).inserted
    }
}
