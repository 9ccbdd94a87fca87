// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
package import HummingbirdCore
import NIOCore
package import OCI

/// Answers with the JSON that `write` puts into the writer.
package func jsonResponse(
    _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], _ write: (inout JSONWriter) throws -> Void
) rethrows -> Response {
    var writer = JSONWriter()
    try write(&writer)
    var headers = headers
    if !headers.contains(.contentType) { headers[.contentType] = "application/json" }
    return Response(
        status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes)))
}
