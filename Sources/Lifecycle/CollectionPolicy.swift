// SPDX-License-Identifier: Apache-2.0

package import Metadata

/// What the collector may take, and in what portions.
package struct CollectionPolicy: Sendable {
    /// Leases and grace periods.
    package var times: Times
    /// Whether manifests go that no tag, index or present subject keeps. Off: what a client pushed by digest stays until
    /// it is deleted.
    package var removesUntagged = false
    /// How many candidates are read at once.
    package var page = 200
    /// How many candidates share a transaction at most.
    package var portion = 50
    /// How many objects are deleted between two transactions.
    package var objects = 500
    /// When others may delete what a collector has taken on and not told to be gone, in microseconds.
    package var claim: Int64 = .seconds(60)
    /// When a name that was reserved and not published is deleted for the second time, in microseconds: a writer that
    /// hung meanwhile may have made it.
    package var secondLook: Int64 = .hours(24)
    /// How long a delivered event is kept, in microseconds.
    package var eventsKept: Int64 = .hours(24)

    /// Makes the policy of a production node with these times.
    package init(times: Times = .standard) {
        self.times = times
    }
}
