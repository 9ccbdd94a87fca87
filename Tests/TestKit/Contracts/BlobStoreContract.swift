// SPDX-License-Identifier: Apache-2.0

package import BlobStorage

/// What every ``BlobStore`` promises, as a list of clauses.
///
/// A clause gets two handles on one empty storage, as two nodes would have them. Drivers without a second handle
/// pass the same one twice.
///
/// Write no predicate inside `#expect(…)` of a clause, such as `list.contains { … }`: inside a closure, Swift 6.3
/// gives it the same symbol as a later predicate of the same type, and one of the two silently runs in place of the
/// other. Compute the value in a line of its own.
package enum BlobStoreContract {
    /// An empty storage and two ways to it.
    package struct Subject: Sendable {
        package let here: any BlobStore
        package let there: any BlobStore
        /// Whether an open reader goes on after a delete. Where objects are asked for again and again it cannot; then
        /// the grace before a delete is what protects readers.
        package let keepsWhatIsRead: Bool
        /// Whether the store itself refuses a name that was used. Where it does not, the rows alone reserve names.
        package let knowsUsedNames: Bool

        package init(
            here: any BlobStore, there: any BlobStore, keepsWhatIsRead: Bool = true, knowsUsedNames: Bool = true
        ) {
            self.here = here
            self.there = there
            self.keepsWhatIsRead = keepsWhatIsRead
            self.knowsUsedNames = knowsUsedNames
        }
    }

    package typealias Item = Clause<Subject>

    package static let clauses: [Item] = writing + assembling + reading + deleting + living
}
