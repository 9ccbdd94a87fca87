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

        package init(here: any BlobStore, there: any BlobStore) {
            self.here = here
            self.there = there
        }
    }

    package typealias Item = Clause<Subject>

    package static let clauses: [Item] = writing + assembling + reading + deleting + living
}
