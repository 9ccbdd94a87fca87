// SPDX-License-Identifier: Apache-2.0

/// A JSON text as a value: members in the order written, numbers as they were written.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// The digits as they stand in the text, so that no large or exact number is bent.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// Reads one JSON text (RFC 8259), strictly: two readers of what this accepts cannot disagree about it.
    ///
    /// Refused beyond the grammar: bytes that are not UTF-8, a byte order mark, the same key twice in an object, halves
    /// of surrogate pairs, anything after the value, and whatever exceeds `limits`.
    package init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            var reader = JSONReader(buffer, limits)
            return try reader.readText()
        }
    }
}

/// One member of a JSON object.
package struct JSONMember: Sendable, Hashable {
    package let key: String
    package let value: JSONValue

    package init(key: String, value: JSONValue) {
        self.key = key
        self.value = value
    }
}

/// How much a JSON text may hold.
package struct JSONLimits: Sendable {
    /// How deep arrays and objects may stand in each other.
    package var depth: Int
    /// How many values the text may hold, the outermost and every nested one counted.
    package var values: Int

    package init(depth: Int = 64, values: Int = 500_000) {
        self.depth = depth
        self.values = values
    }
}

extension JSONValue {
    /// The value of a member, or nil when this is no object or has no such member.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    package var string: String? { if case .string(let text) = self { text } else { nil } }

    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

    package var object: [JSONMember]? { if case .object(let members) = self { members } else { nil } }

    package var isNull: Bool { if case .null = self { true } else { false } }

    /// The number, when it is written as an integer (no fraction, no exponent) and fits.
    package var integer: Int64? { if case .number(let digits) = self { Int64(digits) } else { nil } }
}

/// Why bytes are not acceptable JSON. Offsets count bytes from 0.
package enum JSONError: Error, Hashable {
    case endsTooSoon
    case unexpectedByte(UInt8, offset: Int)
    case trailingBytes(offset: Int)
    case invalidNumber(offset: Int)
    case invalidEscape(offset: Int)
    case loneSurrogate(offset: Int)
    case controlCharacter(offset: Int)
    case notUTF8(offset: Int)
    case duplicateKey(String)
    case tooDeep(limit: Int)
    case tooManyValues(limit: Int)

    /// One sentence for the person who sent the bytes.
    package var message: String {
        switch self {
        case .endsTooSoon: "the JSON text ends too soon"
        case .unexpectedByte(let byte, let offset): "byte \(byte) at offset \(offset) cannot stand there in JSON"
        case .trailingBytes(let offset): "there is more after the JSON text, from offset \(offset)"
        case .invalidNumber(let offset): "the number at offset \(offset) is not a JSON number"
        case .invalidEscape(let offset): "the escape at offset \(offset) is not a JSON escape"
        case .loneSurrogate(let offset): "the escape at offset \(offset) is half of a surrogate pair"
        case .controlCharacter(let offset): "the control character at offset \(offset) must be escaped"
        case .notUTF8(let offset): "the string at offset \(offset) is not UTF-8"
        case .duplicateKey(let key): "the key \"\(key.prefix(100))\" stands twice in one object"
        case .tooDeep(let limit): "values are nested deeper than \(limit)"
        case .tooManyValues(let limit): "there are more than \(limit) values"
        }
    }
}
