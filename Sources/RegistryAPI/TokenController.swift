// SPDX-License-Identifier: Apache-2.0
package import Access
package import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore

/// `GET /service/token`: where clients turn a name and a password, or nothing, into a token.
///
/// Specified by the distribution project's "Token authentication"; the path and the errors are Harbor's. There is no
/// POST: clients that try the OAuth form first fall back to GET on 405.
package struct TokenController: Sendable {
    private let access: AccessService

    /// Makes the controller of one node.
    package init(access: AccessService) {
        self.access = access
    }

    /// Declares the one route.
    package func declare(in routes: inout RouteTable) {
        routes.add(.get, "/service/token", access: .token) { request, context in
            try await answer(request, context)
        }
    }

    private func answer(_ request: Request, _ context: HavenRequestContext) async throws -> Response {
        let query = QueryText("\(request.uri)")
        let services = try query.values("service")
        // Go clients write the spaces between scopes as `+`, which no scope holds.
        let scopes = try query.values("scope").map { $0.replacing("+", with: " ") }
        let body: [UInt8]
        do {
            body = try await access.answerTokenRequest(
                services: services, scopes: scopes, authorization: request.headers[.authorization],
                address: context.clientAddress)
        } catch {
            throw TokenFailure(error: error)
        }
        return Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

/// A refusal of the token service, in Harbor's error format.
private struct TokenFailure: AnswerableError {
    let error: AccessError

    func response(for request: Request) -> Response {
        let (status, headers) = answer
        return Surface.harbor.failure(status, error.message, headers: headers)
    }

    var logMessage: String? {
        switch error {
        case .metadata(let cause): "\(cause)"
        case .secretKey(let text): text
        default: nil
        }
    }

    private var answer: (HTTPResponse.Status, HTTPFields) {
        switch error {
        case .unauthenticated, .badCredentials, .passwordMustChange:
            (.unauthorized, [.wwwAuthenticate: Challenge.basic])
        case .throttled(let delay): (.tooManyRequests, [.retryAfter: "\(delay.wholeSeconds)"])
        case .busy(let delay): (.serviceUnavailable, [.retryAfter: "\(delay.wholeSeconds)"])
        case .metadata, .secretKey: (.serviceUnavailable, RegistryFailure.retryLater)
        case .denied: (.forbidden, [:])
        default: (.badRequest, [:])
        }
    }
}
