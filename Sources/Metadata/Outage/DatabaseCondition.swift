// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// What a node believes of its database, and what changes its mind.
///
/// A pure state machine: events in, a condition out. An outage begins with two failed probes in a row, or with one read that
/// got no answer before its deadline; only a write that worked ends it. A disk that is full lets small writes through, so what was
/// refused for want of room counts for some probes more.
package struct DatabaseCondition: Sendable, Hashable {
    /// How a node deals with its database.
    package enum Mode: String, Sendable, CaseIterable {
        /// Everything is asked.
        case normal
        /// It answers and takes no writes: reads go on, what must write is refused.
        case readOnly
        /// It is not asked, but for probes: pulls are answered from what was last known, everything else is refused.
        case outage
    }

    /// Something that says how the database is.
    package enum Event: Sendable, Hashable {
        /// A read got no answer in time.
        case deadlinePassed
        /// A write found no room.
        case noRoom
        /// A probe got an answer, and it was no.
        case writeRefused
        /// A probe got no answer.
        case probeFailed
        /// A probe wrote.
        case probeWrote
    }

    package private(set) var mode = Mode.normal
    private var failures = 0
    /// How many probes must write before it is believed that there is room.
    private var doubts = 0

    /// How many probes must fail in a row.
    static let patience = 2
    /// How many probes must write after one write that found no room.
    static let caution = 10

    package init() {}

    /// Takes an event in.
    ///
    /// - Returns: Whether the mode is another now.
    @discardableResult
    package mutating func note(_ event: Event) -> Bool {
        let before = mode
        switch event {
        case .deadlinePassed: mode = .outage
        case .noRoom:
            if mode == .normal { mode = .readOnly }
            doubts = Self.caution
        case .probeWrote:
            doubts = max(doubts - 1, 0)
            mode = doubts == 0 ? .normal : .readOnly
            failures = 0
        case .writeRefused, .probeFailed:
            failures += 1
            if failures >= Self.patience { mode = event == .probeFailed ? .outage : .readOnly }
        }
        return mode != before
    }
}

extension DatabaseCondition.Event {
    /// What the failure of a probe says; nil when it says nothing, as when another transaction was in the way.
    init?(failure: SQLError) {
        switch failure {
        case .conflict, .duplicate, .foreignKey: return nil
        case .readOnly, .full: self = .writeRefused
        case .unreachable, .outcomeUnknown, .timeout, .overloaded, .invalid: self = .probeFailed
        }
    }
}

extension SQLError {
    /// Whether a read that failed so may be answered from what was last known: the database was not there to say no.
    package var isOutage: Bool {
        switch self {
        case .unreachable, .timeout, .overloaded, .readOnly: true
        case .conflict, .duplicate, .foreignKey, .outcomeUnknown, .full, .invalid: false
        }
    }

    /// Whether nothing happened because nobody was there to do it, as in a failover.
    package var isAbsence: Bool {
        if case .overloaded = self { false } else { isOutage }
    }

    /// What is said without asking while the database is known to be away.
    static let outage = SQLError.unreachable("the database has been out of reach; a write must succeed first")
}
