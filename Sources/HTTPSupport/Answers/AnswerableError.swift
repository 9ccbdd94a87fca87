// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
package import HummingbirdCore

/// An error that knows its answer.
///
/// Handlers throw; ``RequestResponder`` turns the error into an answer once, and logs it once when there is something
/// to log. Any other error becomes a 500 that says nothing about its cause.
package protocol AnswerableError: Error {
    /// The answer for the client: what to do next, no internals.
    func response(for request: Request) -> Response
    /// The cause for the log; nil when the request line alone tells enough.
    var logMessage: String? { get }
}

extension AnswerableError {
    package var logMessage: String? { nil }
}

/// What this room itself refuses.
package enum RequestFault: AnswerableError {
    /// The collected body is longer than the route allows; the limit in bytes.
    case bodyTooLarge(limit: Int)
    /// A query parameter is wrong; a sentence says how.
    case badQuery(String)
    case badPath(PathFault)

    package func response(for request: Request) -> Response {
        let surface = Surface(path: request.uri.path)
        switch self {
        case .bodyTooLarge(let limit):
            return surface.failure(.contentTooLarge, "the body is longer than \(limit) bytes")
        case .badQuery(let message):
            return surface.failure(.badRequest, message)
        case .badPath(let fault):
            return surface.failure(.badRequest, fault.message)
        }
    }
}
