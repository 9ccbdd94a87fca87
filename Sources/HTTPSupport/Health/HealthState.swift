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
    private let state = Mutex<(isDraining: Bool, fault: String?)>((false, nil))

    package init() {}

    package var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Begins the end; there is no way back.
    package func beginDraining() {
        state.withLock { $0.isDraining = true }
    }

    /// Says what is broken on this node alone, or with nil that it works again.
    package func report(localFault: String?) {
        state.withLock { $0.fault = localFault }
    }

    /// The answer of `GET /healthz`.
    package func response() -> Response {
        let (isDraining, fault) = state.withLock { $0 }
        let (status, text): (HTTPResponse.Status, String) =
            isDraining ? (.notFound, "draining\n") : fault.map { (.serviceUnavailable, "\($0)\n") } ?? (.ok, "ok\n")
        return Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
