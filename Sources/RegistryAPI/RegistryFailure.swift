// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore
import OCI

/// An error answer of the distribution API: distribution-spec, "Error Codes".
struct RegistryFailure: Error {
    var status: HTTPResponse.Status
    var code: OCIErrorCode
    var message: String
    /// Digests or other values the message is about, as the `detail` of the error.
    var detail: [String] = []
    var headers: HTTPFields = [:]
    /// For the log only.
    var cause: String?

    init(
        _ status: HTTPResponse.Status, _ code: OCIErrorCode, _ message: String, detail: [String] = [],
        headers: HTTPFields = [:], cause: String? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers = headers
        self.cause = cause
    }

    /// How long a client should wait before it repeats a request that failed for a while.
    static let retryLater: HTTPFields = [.retryAfter: "5"]
}

extension RegistryFailure: AnswerableError {
    func response(for request: Request) -> Response {
        var json = JSONWriter()
        json.beginObject()
        json.key("errors")
        json.beginArray()
        json.beginObject()
        json.key("code")
        json.string(code.rawValue)
        json.key("message")
        json.string(message)
        if !detail.isEmpty {
            json.key("detail")
            json.beginArray()
            for value in detail { json.string(value) }
            json.endArray()
        }
        json.endObject()
        json.endArray()
        json.endObject()
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.dockerAPIVersion] = "registry/2.0"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }

    var logMessage: String? { cause }
}
