// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CloudStorage
import NIOCore
import NIOHTTP1

/// Makes a bucket; the drivers never do.
enum S3Bucket {
    static func make(_ name: String, at url: String, accessKey: String, secretKey: String) async throws {
        let host = url.split(separator: "/").last.map(String.init) ?? ""
        let signature = SignatureV4(accessKey: accessKey, secretKey: secretKey, region: "us-east-1")
        var answer = ""
        let isMade = try await eventually(within: .seconds(60), every: .milliseconds(500)) {
            let headers = signature.headers(
                method: "PUT", path: "/\(name)", query: "", headers: [(name: "host", value: host)],
                payload: SignatureV4.emptyPayload, at: .now)
            var request = HTTPClientRequest(url: "\(url)/\(name)")
            request.method = .PUT
            for header in headers { request.headers.add(name: header.name, value: header.value) }
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            let body = try await response.body.collect(upTo: 64 << 10)
            answer = "\(response.status): \(String(buffer: body))"
            return response.status == .ok
        }
        guard isMade else { throw ToolFailure(what: "the bucket \(name) cannot be made: \(answer)") }
    }
}
