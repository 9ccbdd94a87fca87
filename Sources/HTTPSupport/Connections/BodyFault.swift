// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore

/// Why the rest of a request's body will not come.
enum BodyFault: AnswerableError {
    /// The connection ended before the announced end of the body.
    case cutShort
    /// The framing is wrong: a chunk's size, or more than was announced.
    case malformed
    /// The client sent nothing, or almost nothing, for too long.
    case tooSlow

    func response(for request: Request) -> Response {
        let surface = Surface(path: request.uri.path)
        return switch self {
        case .cutShort: surface.failure(.badRequest, "the body ended early; send it again")
        case .malformed: surface.failure(.badRequest, "the body is not framed as its headers say")
        case .tooSlow: surface.failure(.requestTimeout, "the body came too slowly; send it again")
        }
    }
}
