// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
package import HummingbirdCore
import NIOCore

/// The three faces of the server, which write errors differently.
package enum Surface: Sendable, Hashable {
    /// `/v2/`: the distribution API's error document and codes.
    case registry
    /// `/api/` and `/service/`: Harbor's error document and codes.
    case harbor
    /// Anything else: one line of plain text.
    case plain

    /// The surface a path belongs to.
    package init(path: String) {
        if path == "/v2" || path.hasPrefix("/v2/") {
            self = .registry
        } else if path.hasPrefix("/api/") || path.hasPrefix("/service/") {
            self = .harbor
        } else {
            self = .plain
        }
    }

    /// Makes an error answer in the surface's format.
    ///
    /// - Parameters:
    ///   - status: An error status.
    ///   - code: The surface's own code; by default the one that fits `status` best.
    ///   - message: What the client can do about it; never a cause inside the server.
    package func failure(
        _ status: HTTPResponse.Status, code: String? = nil, _ message: String, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        let bytes: [UInt8]
        switch self {
        case .registry, .harbor:
            headers[.contentType] = self == .registry ? "application/json" : "application/json; charset=utf-8"
            bytes = ErrorText.json(code: code ?? defaultCode(status), message: message)
        case .plain:
            headers[.contentType] = "text/plain; charset=utf-8"
            bytes = Array("\(message)\n".utf8)
        }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private func defaultCode(_ status: HTTPResponse.Status) -> String {
        self == .registry ? Self.registryCode(status.code) : Self.harborCode(status.code)
    }

    private static func registryCode(_ status: Int) -> String {
        switch status {
        case 401: "UNAUTHORIZED"
        case 403: "DENIED"
        case 404: "NAME_UNKNOWN"
        case 405, 412, 415: "UNSUPPORTED"
        case 413: "SIZE_INVALID"
        case 416: "RANGE_INVALID"
        case 429: "TOOMANYREQUESTS"
        case 503: "UNAVAILABLE"
        default: "UNKNOWN"
        }
    }

    private static func harborCode(_ status: Int) -> String {
        switch status {
        case 400: "BAD_REQUEST"
        case 401: "UNAUTHORIZED"
        case 403: "FORBIDDEN"
        case 404: "NOT_FOUND"
        case 405: "METHOD_NOT_ALLOWED"
        case 409: "CONFLICT"
        case 412: "PRECONDITION"
        case 413: "REQUEST_ENTITY_TOO_LARGE"
        case 429: "TOO_MANY_REQUESTS"
        case 503: "SERVICE_UNAVAILABLE"
        default: "UNKNOWN"
        }
    }
}
