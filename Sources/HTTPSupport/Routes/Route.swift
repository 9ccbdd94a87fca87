// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
package import HummingbirdCore

/// One declared way into the server.
package struct Route: Sendable {
    /// Answers one request. An error it throws becomes an answer in one place, ``RequestResponder``.
    package typealias Handler = @Sendable (Request, HavenRequestContext) async throws -> Response

    /// The position in ``RouteTable/all``; metrics are kept by it.
    package let index: Int
    package let method: HTTPRequest.Method
    /// The declared pattern, for example `/api/v2.0/projects/{name}` or `/v2/**`.
    package let pattern: String
    package let access: RouteAccess
    let handler: Handler

    /// The format in which the route's errors are written.
    package var surface: Surface { Surface(path: pattern) }
}
