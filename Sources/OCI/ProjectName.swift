// SPDX-License-Identifier: Apache-2.0

/// The name of a project: the first segment of every repository in it.
///
/// Harbor's grammar, `[a-z0-9]+(?:[._-][a-z0-9]+)*`, 1 to 255 bytes: narrower than a segment of a repository name, which
/// may also hold two underscores or several dashes in a row.
package struct ProjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    package init?(_ text: some StringProtocol) {
        var text = String(text)
        guard text.withUTF8({ Self.isValid($0[...]) }) else { return nil }
        description = text
    }

    /// Takes text that a caller in this room has checked.
    init(checked text: String) { description = text }

    package static func < (left: ProjectName, right: ProjectName) -> Bool { left.description < right.description }

    static func isValid(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard text.count <= 255 else { return false }
        var needsAlphanumeric = true
        for byte in text {
            if ASCII.isLowerAlphanumeric(byte) {
                needsAlphanumeric = false
            } else if needsAlphanumeric || !isSeparator(byte) {
                return false
            } else {
                needsAlphanumeric = true
            }
        }
        return !needsAlphanumeric
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
