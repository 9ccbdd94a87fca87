// SPDX-License-Identifier: Apache-2.0

/// What was last read of each key, with the time it was read: for answers while the source is out of reach.
///
/// Not a cache: nobody asks it while the source can be asked. It is bounded like one, so it may have forgotten anything.
package final class LastKnown<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Reading: Sendable {
        let value: Value
        let at: ContinuousClock.Instant
    }

    private let readings: BoundedCache<Key, Reading>
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameters:
    ///   - capacity: The largest sum of costs, as in ``BoundedCache``.
    ///   - now: The clock that the age of readings is measured with.
    package init(
        capacity: Int, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        readings = BoundedCache(capacity: capacity, now: now)
        self.now = now
    }

    /// Remembers a value that was just read, in place of what was known before.
    package func note(_ value: Value, for key: Key, cost: Int = 1) {
        readings.insert(Reading(value: value, at: now()), for: key, cost: cost)
    }

    /// Forgets a key: the source just said that there is nothing.
    package func forget(_ key: Key) {
        readings.remove(key)
    }

    /// The value last read, unless that is longer than `age` ago; nil also when nothing was read.
    package func value(for key: Key, within age: Duration) -> Value? {
        guard age > .zero, let reading = readings.value(for: key), reading.at.duration(to: now()) <= age else {
            return nil
        }
        return reading.value
    }

    /// What is held and how often it helped.
    package var statistics: CacheStatistics { readings.statistics }
}
