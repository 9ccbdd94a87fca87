// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What a node tells the others, so that they look at the database sooner than they would by themselves.
package enum Wakeup: String, Sendable, CaseIterable {
    /// The keys that sign tokens changed.
    case signingKeys = "signing-keys"
}

/// Messages between nodes that carry no facts: each only says "look again".
///
/// A message may be lost, come twice, come late or come from nobody; the sender may hear its own. So every listener must
/// do by itself, a little later, what a message makes it do at once, and must not let messages make it work without bound.
/// After an interruption every listener is woken once, for it may have missed something.
///
/// What a driver promises is ``WakeupsContract`` in `TestKit`.
package protocol Wakeups: Sendable {
    /// Tells all nodes. Returns at once; call it after the change is committed.
    func announce(_ wakeup: Wakeup)

    /// Calls `action` for each such message, for as long as the node lives. The action must return at once: it runs where
    /// the message came in.
    func listen(for wakeup: Wakeup, _ action: @escaping @Sendable () -> Void)
}

/// Wake-ups between nodes of one process: the reference, and all that a lone node needs.
package final class MemoryWakeups: Wakeups {
    private let listeners = Mutex<[Wakeup: [@Sendable () -> Void]]>([:])

    package init() {}

    package func announce(_ wakeup: Wakeup) {
        for action in listeners.withLock({ $0[wakeup] ?? [] }) { action() }
    }

    package func listen(for wakeup: Wakeup, _ action: @escaping @Sendable () -> Void) {
        listeners.withLock { $0[wakeup, default: []].append(action) }
    }

    /// Wakes every listener.
    func announceAll() {
        for wakeup in Wakeup.allCases { announce(wakeup) }
    }
}
