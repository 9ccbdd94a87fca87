// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What a connection says of its client: its socket's address until a PROXY header names another.
final class PeerView: Sendable {
    private let view: Mutex<ClientView>

    init(_ view: ClientView) {
        self.view = Mutex(view)
    }

    var current: ClientView { view.withLock { $0 } }

    /// Takes what a PROXY header says.
    func set(address: String, isSecure: Bool) {
        view.withLock { view in
            view.address = address
            if isSecure { view.scheme = "https" }
        }
    }
}
