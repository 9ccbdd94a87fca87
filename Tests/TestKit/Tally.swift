// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Counts, from any thread.
package final class Tally: Sendable {
    private let total = Atomic<Int>(0)

    package init() {}

    package func add() { total.add(1, ordering: .relaxed) }
    package var count: Int { total.load(ordering: .relaxed) }
}
