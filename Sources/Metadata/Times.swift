// SPDX-License-Identifier: Apache-2.0

/// The spans of time behind leases and grace periods, in microseconds.
///
/// Time decides when something is tried; a row conflict decides who wins. Wrong spans cost repeats, never data.
package struct Times: Sendable {
    /// How long a link or manifest stays without being referenced.
    package var lease: Int64
    /// How long an upload waits for its next byte.
    package var uploadLife: Int64
    /// How long bytes outlive the row that named them, so that open downloads end well.
    package var readGrace: Int64
    /// How far the clocks of a cluster's database nodes may stand apart.
    package var clockSpread: Int64

    /// The spans a production node uses: lease and upload life of a day, an hour of read grace, five minutes of spread.
    package static let standard = Times(
        lease: .hours(24), uploadLife: .hours(24), readGrace: .hours(1), clockSpread: .seconds(300))

    /// Makes the spans, all in microseconds.
    package init(lease: Int64, uploadLife: Int64, readGrace: Int64, clockSpread: Int64) {
        self.lease = lease
        self.uploadLife = uploadLife
        self.readGrace = readGrace
        self.clockSpread = clockSpread
    }
}

extension Int64 {
    /// Seconds as microseconds.
    package static func seconds(_ count: Int64) -> Int64 { count * 1_000_000 }
    /// Hours as microseconds.
    package static func hours(_ count: Int64) -> Int64 { count * 3_600_000_000 }
}
