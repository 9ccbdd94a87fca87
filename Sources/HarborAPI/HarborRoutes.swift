// SPDX-License-Identifier: Apache-2.0

package import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore
import OCI

/// The routes of the Harbor-compatible API that this version has.
package struct HarborRoutes: Sendable {
    private let health: HealthReport
    private let isKnown: @Sendable (_ authorization: String?, _ address: String) async -> Bool

    /// - Parameters:
    ///   - health: What `GET /api/v2.0/health` answers.
    ///   - isKnown: Whether a header `Authorization`, sent from an address, is that of an account.
    package init(
        health: HealthReport,
        isKnown: @escaping @Sendable (_ authorization: String?, _ address: String) async -> Bool = { _, _ in false }
    ) {
        self.health = health
        self.isKnown = isKnown
    }

    /// Declares the routes.
    package func declare(in routes: inout RouteTable) {
        routes.add(.get, "/api/v2.0/ping", access: .open("balancers and clients look for the server with it")) { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "Pong")))
        }
        routes.add(.get, "/api/v2.0/health", access: .open("monitoring has no account")) { request, context in
            let isKnown = await isKnown(request.headers[.authorization], context.clientAddress)
            return await health.current().response(toKnownCaller: isKnown)
        }
        routes.add(.get, "/api/version", access: .open("clients choose the API by it before they log in")) { _, _ in
            jsonResponse { json in
                json.beginObject()
                json.member("version", "v2.0")
                json.endObject()
            }
        }
    }
}
