// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
package import HummingbirdCore
package import NIOCore

/// Answers with bytes that are in memory.
///
/// A `ETag` among `headers` makes `If-None-Match` answer 304 (RFC 9110, section 13.2.2). HEAD gets the same head with
/// the exact length and no body. The bytes are sent as they are, whatever `Accept-Encoding` says.
///
/// - Parameters:
///   - headers: What belongs to these bytes: content type, digest, `ETag`. The length is set here.
package func memoryResponse(
    _ request: Request, _ context: HavenRequestContext, bytes: ByteBuffer, headers: HTTPFields
) -> Response {
    if let unchanged = notModified(request, headers) { return unchanged }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: bytes))
}

/// The 304 for a client that has what it asks for; nil when it must be sent.
func notModified(_ request: Request, _ headers: HTTPFields) -> Response? {
    guard let condition = request.headers[.ifNoneMatch], let tag = headers[.eTag].flatMap({ ETag(parsing: $0) }),
        request.method == .get || request.method == .head, tag.matches(ifNoneMatch: condition)
    else { return nil }
    var headers = headers
    headers[.contentLength] = nil
    headers[.contentType] = nil
    return Response(status: .notModified, headers: headers)
}
