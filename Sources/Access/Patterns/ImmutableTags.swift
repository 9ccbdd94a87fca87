// SPDX-License-Identifier: Apache-2.0
package import OCI

/// The tags of a project that may be made but neither moved nor removed.
package struct ImmutableTags: Sendable {
    private let patterns: [TagPattern]
    private let isDamaged: Bool

    /// - Parameter patterns: As `MetadataTransaction.immutablePatterns(of:)` gives them.
    package init(_ patterns: [String]) {
        let compiled = patterns.compactMap { try? TagPattern($0) }
        self.patterns = compiled
        // Patterns are checked before they are stored. If one cannot be read all the same, no tag may be moved:
        // guessing that it protected nothing could lose what it was there to keep.
        isDamaged = compiled.count < patterns.count
    }

    /// Whether a tag of this name must stay as it is.
    package func contains(_ tag: Tag) -> Bool {
        isDamaged || patterns.contains { $0.matches(tag.description) }
    }
}
