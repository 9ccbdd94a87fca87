// SPDX-License-Identifier: Apache-2.0

/// A name that a person gave to a manifest, and may move to another.
///
/// distribution-spec, "Pulling manifests": `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`. Tags sort by their bytes.
package struct Tag: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    package init?(_ text: some StringProtocol) {
        var text = String(text)
        guard text.withUTF8({ Self.isValid($0) }) else { return nil }
        description = text
    }

    package static func < (left: Tag, right: Tag) -> Bool { left.description < right.description }

    private static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (1...128).contains(text.count), isWord(text[0]) else { return false }
        return text.dropFirst().allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    private static func isWord(_ byte: UInt8) -> Bool { ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
}
