// SPDX-License-Identifier: Apache-2.0

/// Counters of one cache since it was made, for the metrics page.
package struct CacheStatistics: Sendable, Hashable {
    /// Look-ups that found a value.
    package var hits = 0
    /// Look-ups that found none, or one that was too old or of another stamp.
    package var misses = 0
    /// Values that had to go because room was needed.
    package var evictions = 0
    /// Values held now.
    package var count = 0
    /// Sum of the costs of the values held now.
    package var cost = 0

    package init(hits: Int = 0, misses: Int = 0, evictions: Int = 0, count: Int = 0, cost: Int = 0) {
        self.hits = hits
        self.misses = misses
        self.evictions = evictions
        self.count = count
        self.cost = cost
    }

    mutating func add(_ other: CacheStatistics) {
        hits += other.hits
        misses += other.misses
        evictions += other.evictions
        count += other.count
        cost += other.cost
    }
}
