// SPDX-License-Identifier: Apache-2.0

/// Decides whether a service is asked at all: after a failure it is left alone for a while, then tried once.
///
/// ```
/// closed ── failure ──▶ open(until) ── time is up: one probe ──▶ half-open
///    ▲                      ▲                                       │   │
///    └────── success ───────┼───────────────────────────────────────┘   │
///                           └────────────── failure, longer ────────────┘
/// ```
///
/// The pause doubles with each failure in a row and is cut by up to a half at random, so that nodes do not come back in
/// step. A success does not forget the failures before it at once: who fails again soon after waits longer than before.
/// Pure: time and chance come with each event.
struct CircuitBreaker: Sendable, Hashable {
    typealias Instant = ContinuousClock.Instant

    enum State: Sendable, Hashable {
        /// Calls go through, since then.
        case closed(since: Instant)
        /// Calls are refused; a probe may be made from then on.
        case open(until: Instant)
        /// Calls are refused; one probe is under way.
        case halfOpen
    }

    /// The pauses: the first and the longest.
    struct Pauses: Sendable, Hashable {
        var first = Duration.milliseconds(500)
        var longest = Duration.seconds(10)
        /// After working for so long, earlier failures are forgotten.
        var forgetting = Duration.seconds(30)
    }

    private(set) var state: State
    /// Failures that count for the length of the next pause.
    private(set) var failures = 0
    let pauses: Pauses

    /// A breaker of a service that was not tried yet: the first probe may be made at once.
    init(at now: Instant, pauses: Pauses = Pauses()) {
        state = .open(until: now)
        self.pauses = pauses
    }

    /// Whether calls go through.
    var isClosed: Bool { if case .closed = state { true } else { false } }

    /// How long to wait for the next probe; nil while none is needed or one is under way.
    func pause(at now: Instant) -> Duration? {
        guard case .open(let until) = state else { return nil }
        return max(.zero, now.duration(to: until))
    }

    /// Takes the right to probe. Given to one caller after each pause.
    mutating func beginProbe(at now: Instant) -> Bool {
        guard case .open(let until) = state, now >= until else { return false }
        state = .halfOpen
        return true
    }

    /// The probe found the service working.
    mutating func succeeded(at now: Instant) {
        guard case .halfOpen = state else { return }
        state = .closed(since: now)
    }

    /// A call or the probe failed. Further failures of calls that began before the breaker opened change nothing.
    ///
    /// - Parameter chance: From 0 to 1; cuts the pause by so much of its half.
    mutating func failed(at now: Instant, chance: Double) {
        switch state {
        case .open: return
        case .closed(let since) where since.duration(to: now) >= pauses.forgetting: failures = 0
        case .closed, .halfOpen: break
        }
        let doubled = pauses.first * (1 << min(failures, 16))
        let pause = min(doubled, pauses.longest) * (1 - min(max(chance, 0), 1) / 2)
        failures += 1
        state = .open(until: now.advanced(by: pause))
    }
}
