// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Ends a blocking call that takes too long, by shutting its socket down from another thread.
///
/// A server that stands still, as opposed to one that is gone, answers the kernel and nobody else: no timeout of TCP ends
/// the wait for it. The lock is held while the socket is shut, so that it cannot be another one by then.
final class SessionFuse: Sendable {
    private struct State {
        var socket: Int32 = -1
        var end: ContinuousClock.Instant?
        var isBlown = false
    }

    private let state = Mutex(State())

    /// From now on the socket is shut at `end`, unless ``disarm()`` is called before.
    func arm(_ socket: Int32, until end: ContinuousClock.Instant) {
        state.withLock { $0 = State(socket: socket, end: end) }
    }

    /// - Returns: Whether the socket was shut.
    @discardableResult
    func disarm() -> Bool {
        state.withLock { state in
            state.end = nil
            return state.isBlown
        }
    }

    /// Shuts the socket of a call that has run too long.
    func expire(now: ContinuousClock.Instant) {
        state.withLock { state in
            guard let end = state.end, end <= now else { return }
            shutdown(state.socket, Int32(SHUT_RDWR))
            state.end = nil
            state.isBlown = true
        }
    }
}
