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
        var generation = 0
        var end: ContinuousClock.Instant?
        var isBlown = false
    }

    private let state = Mutex(State())

    /// From now on the socket is shut at `end`, unless ``disarm()`` is called before.
    ///
    /// - Parameter generation: That of the session, by ``HostChoice``.
    func arm(_ socket: Int32, _ generation: Int, until end: ContinuousClock.Instant) {
        state.withLock { $0 = State(socket: socket, generation: generation, end: end) }
    }

    /// - Returns: Whether the socket was shut because the call took too long.
    @discardableResult
    func disarm() -> Bool {
        state.withLock { state in
            state.end = nil
            return state.isBlown
        }
    }

    /// Shuts the socket of a call to a host that was left: to its caller the host is gone, and the call may be repeated.
    ///
    /// - Parameter generation: The last one whose sessions talk to that host.
    func leave(_ generation: Int) {
        state.withLock { state in
            guard state.end != nil, state.generation <= generation else { return }
            shutdown(state.socket, Int32(SHUT_RDWR))
            state.end = nil
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
