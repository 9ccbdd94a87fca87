// SPDX-License-Identifier: Apache-2.0
import struct FoundationEssentials.Date

/// The two clocks that access needs; tests move them by hand.
package struct AccessClock: Sendable {
    /// Microseconds since 1970.
    package var now: @Sendable () -> Int64
    /// A clock that never jumps, for delays and lifetimes in this process.
    package var instant: @Sendable () -> ContinuousClock.Instant

    package init(now: @escaping @Sendable () -> Int64, instant: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.now = now
        self.instant = instant
    }

    /// The clocks of the machine.
    package static let system = AccessClock(
        now: { Int64(Date().timeIntervalSince1970 * 1_000_000) }, instant: { ContinuousClock.now })

    /// Seconds since 1970.
    var seconds: Int64 { now() / 1_000_000 }
}
