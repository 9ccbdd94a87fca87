// SPDX-License-Identifier: Apache-2.0

/// What stands after `/manifests/`: a tag or a digest.
package enum Reference: Hashable, Sendable {
    case tag(Tag)
    case digest(Digest)

    /// Reads a reference. Text with a colon can only be a digest, as no tag holds one.
    package init?(_ text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let digest = Digest(text) else { return nil }
            self = .digest(digest)
        } else {
            guard let tag = Tag(text) else { return nil }
            self = .tag(tag)
        }
    }

    package var tag: Tag? { if case .tag(let tag) = self { tag } else { nil } }

    package var digest: Digest? { if case .digest(let digest) = self { digest } else { nil } }
}

extension Reference: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tag(let tag): tag.description
        case .digest(let digest): digest.description
        }
    }
}
