// SPDX-License-Identifier: Apache-2.0

/// The name of one stored object, relative to the root of its store, as it stands in the database.
///
/// A location is made once, holds one object, and is never used again: not for another upload, not by a rename,
/// not after the object was deleted. A late delete can therefore only hit garbage.
package struct BlobLocation: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package var description: String { rawValue }

    /// Whether a store may follow this name: relative, at most 1,024 bytes, and without empty, `.` or `..` segments.
    package var isWellFormed: Bool {
        guard !rawValue.isEmpty, rawValue.utf8.count <= 1024, !rawValue.utf8.contains(0) else { return false }
        return rawValue.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
