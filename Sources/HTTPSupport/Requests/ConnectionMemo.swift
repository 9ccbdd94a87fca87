// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One value that a request leaves for the next requests of its connection, for clients repeat themselves.
///
/// What it may be used for, and for how long, is the business of whoever left it.
package final class ConnectionMemo: Sendable {
    private let slot = Mutex<(any Sendable)?>(nil)

    package init() {}

    package var value: (any Sendable)? {
        get { slot.withLock { $0 } }
        set { slot.withLock { $0 = newValue } }
    }
}
