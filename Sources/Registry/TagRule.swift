// SPDX-License-Identifier: Apache-2.0
package import Metadata
package import OCI

/// A tag about to move, or to go.
package struct TagMove: Sendable {
    /// The project.
    package let project: ProjectID
    /// The repository.
    package let repository: RepositoryName
    /// The tag.
    package let tag: Tag
    /// Where it points now; nil when it does not exist.
    package let from: Digest?
    /// Where it shall point; nil when it shall be deleted.
    package let to: Digest?
}

/// A condition on moving tags. The list of rules given to ``RegistryService`` is the policy; the first that throws decides.
package protocol TagRule: Sendable {
    /// Refuses a move by throwing; read in the transaction of the move, so a rule and a push never miss each other.
    ///
    /// - Throws: ``RegistryError/tagImmutable(_:)``.
    func check(_ move: TagMove, _ transaction: MetadataTransaction) throws
}
