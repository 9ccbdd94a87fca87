// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
package import HummingbirdCore
import NIOCore
import Synchronization

/// Whether this node wants requests: what `/healthz` says.
///
/// 200 while it serves; 404 while it drains, so that balancers stop sending and running transfers finish; 503 only when
/// this node alone is broken. A fault all nodes share keeps 200, for taking every node out helps nobody.
package final class HealthState: Sendable {
    private struct State {
        /// The process was told to end.
        var isEnding = false
        /// An operator ordered the node to take nothing new for a while.
        var isOrdered = false
        var fault: String?

        var isDraining: Bool { isEnding || isOrdered }
    }

    private let state = Mutex(State())

    package init() {}

    package var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Begins the end; there is no way back.
    package func beginDraining() {
        state.withLock { $0.isEnding = true }
    }

    /// Takes an operator's order to drain, or its end.
    ///
    /// - Returns: Whether that changed anything.
    @discardableResult
    package func order(draining: Bool) -> Bool {
        state.withLock { state in
            defer { state.isOrdered = draining }
            return state.isOrdered != draining
        }
    }

    /// Says what is broken on this node alone, or with nil that it works again.
    package func report(localFault: String?) {
        state.withLock { $0.fault = localFault }
    }

    /// The answer of `GET /healthz`.
    package func response() -> Response {
        let state = state.withLock { $0 }
        let (status, text): (HTTPResponse.Status, String) =
            state.isDraining
            ? (.notFound, "draining\n") : state.fault.map { (.serviceUnavailable, "\($0)\n") } ?? (.ok, "ok\n")
        return Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
