// SPDX-License-Identifier: Apache-2.0

/// The rounds of one figure on one contestant.
struct Rounds {
    private(set) var values: [Double] = []

    mutating func add(_ value: Double) { values.append(value) }

    /// The middle value; for an even count the mean of the two in the middle.
    var median: Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// Largest minus smallest, as a share of the median: 0.1 means that all rounds lie within a tenth.
    var spread: Double? {
        guard let median, median > 0, let low = values.min(), let high = values.max() else { return nil }
        return (high - low) / median
    }
}

/// The value below which `share` (0…1) of `sorted` lies.
func percentile(_ share: Double, of sorted: [Double]) -> Double {
    guard !sorted.isEmpty else { return 0 }
    let rank = Int((share * Double(sorted.count)).rounded(.up)) - 1
    return sorted[min(max(rank, 0), sorted.count - 1)]
}
