// SPDX-License-Identifier: Apache-2.0
import Access
package import Metadata
package import Registry

/// Refuses to move or delete a tag that a rule of its project makes immutable. Creating it is free, once.
package struct ImmutableTagRule: TagRule {
    /// Makes the rule; what is immutable is read in each move's own transaction.
    package init() {}

    package func check(_ move: TagMove, _ transaction: MetadataTransaction) throws {
        guard move.from != nil else { return }
        let immutable = ImmutableTags(try transaction.immutablePatterns(of: move.project))
        if immutable.contains(move.tag) { throw RegistryError.tagImmutable(move.tag) }
    }
}
