// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Counts how long a client was waited for in one direction of one transfer.
///
/// Only waiting counts: a disk that is slow, or a handler that does not read, is not the client's fault.
struct Patience {
    private var waited = Duration.zero
    private var waitingSince: NIODeadline?

    var isWaiting: Bool { waitingSince != nil }

    mutating func beginWaiting(_ now: NIODeadline) {
        if waitingSince == nil { waitingSince = now }
    }

    mutating func endWaiting(_ now: NIODeadline) {
        guard let since = waitingSince else { return }
        waited += .nanoseconds((now - since).nanoseconds)
        waitingSince = nil
    }

    /// Whether the client moved less than `rate` bytes a second for longer than `grace`.
    ///
    /// - Parameter bytes: What it moved in all.
    func isExhausted(bytes: Int, rate: Int, grace: Duration) -> Bool {
        waited > grace && bytes < rate * Int(waited.components.seconds)
    }
}
