// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation

extension OSSDouble {
    /// The answer to a request that proves nothing; nil for one that may go on.
    func refusal(of request: DoubleRequest, key: String) -> DoubleAnswer? {
        let authorization = request.header("Authorization")
        if authorization.hasPrefix("OSS4-HMAC-SHA256 ") { return headerV4Refusal(request, key) }
        if authorization.hasPrefix("OSS ") { return headerV1Refusal(request, key) }
        if request.item("x-oss-signature-version") == "OSS4-HMAC-SHA256" { return urlV4Refusal(request, key) }
        if request.item("Signature") != nil { return urlV1Refusal(request, key) }
        return failure(403, "AccessDenied")
    }

    private func isRecent(_ date: Date) -> Bool { abs(date.timeIntervalSince(now)) <= 15 * 60 }
}

// Version 1.
extension OSSDouble {
    private func headerV1Refusal(_ request: DoubleRequest, _ key: String) -> DoubleAnswer? {
        let sent = request.header("x-oss-date").isEmpty ? request.header("Date") : request.header("x-oss-date")
        guard let date = DoubleDate.parseHTTP(sent) else { return failure(403, "AccessDenied") }
        guard isRecent(date) else { return failure(403, "RequestTimeTooSkewed") }
        let expected = "OSS \(accessKey):\(signatureV1(request, key, date: sent))"
        return judged(request.header("Authorization") == expected, sentKey: request.header("Authorization"))
    }

    private func urlV1Refusal(_ request: DoubleRequest, _ key: String) -> DoubleAnswer? {
        guard let expires = request.item("Expires"), let end = TimeInterval(expires) else {
            return failure(403, "AccessDenied")
        }
        guard now.timeIntervalSince1970 < end else { return failure(403, "AccessDenied") }
        let isRight = request.item("Signature") == signatureV1(request, key, date: expires)
        return judged(isRight, sentKey: request.item("OSSAccessKeyId") ?? "")
    }

    private func judged(_ isRight: Bool, sentKey: String) -> DoubleAnswer? {
        guard sentKey.contains(accessKey) else { return failure(403, "InvalidAccessKeyId") }
        return isRight ? nil : failure(403, "SignatureDoesNotMatch")
    }

    /// Items of the query that belong to the resource.
    private static let subresources: Set = [
        "acl", "uploads", "location", "cors", "logging", "website", "referer", "lifecycle", "delete", "append",
        "tagging",
        "objectMeta", "uploadId", "partNumber", "security-token", "position", "symlink", "restore", "versions",
        "versioning", "versionId", "policy", "continuation-token", "bucketInfo", "stat", "x-oss-process", "sequential",
        "response-content-type", "response-content-language", "response-expires", "response-cache-control",
        "response-content-disposition", "response-content-encoding", "x-oss-traffic-limit",
    ]

    private func signatureV1(_ request: DoubleRequest, _ key: String, date: String) -> String {
        var resource = "/\(bucket)/\(key)"
        let items = request.query.filter { Self.subresources.contains($0.name) }.sorted { $0.name < $1.name }
            .map { $0.value.isEmpty ? $0.name : "\($0.name)=\($0.value)" }
        if !items.isEmpty { resource += "?" + items.joined(separator: "&") }
        let lines =
            [request.method, request.header("Content-MD5"), request.header("Content-Type"), date]
            + request.headers(beginning: "x-oss-").map { "\($0.name):\($0.value)" } + [resource]
        let text = Data(lines.joined(separator: "\n").utf8)
        let code = HMAC<Insecure.SHA1>.authenticationCode(for: text, using: SymmetricKey(data: Data(secret.utf8)))
        return Data(code).base64EncodedString()
    }
}

// Version 4.
extension OSSDouble {
    private func headerV4Refusal(_ request: DoubleRequest, _ key: String) -> DoubleAnswer? {
        var fields: [String: String] = [:]
        for field in request.header("Authorization").dropFirst("OSS4-HMAC-SHA256 ".count).split(separator: ",") {
            let sides = field.trimmingSpaces.split(separator: "=", maxSplits: 1)
            if sides.count == 2 { fields[String(sides[0])] = String(sides[1]) }
        }
        let stamp = request.header("x-oss-date")
        guard let date = DoubleDate.parseBasic(stamp), let credential = fields["Credential"] else {
            return failure(400, "InvalidArgument")
        }
        guard request.header("x-oss-content-sha256") == "UNSIGNED-PAYLOAD" else {
            return failure(400, "InvalidArgument")
        }
        guard isRecent(date) else { return failure(403, "RequestTimeTooSkewed") }
        return refusalV4(
            request, key, stamp: stamp, credential: credential, additional: fields["AdditionalHeaders"] ?? "",
            signature: fields["Signature"] ?? "")
    }

    private func urlV4Refusal(_ request: DoubleRequest, _ key: String) -> DoubleAnswer? {
        guard let stamp = request.item("x-oss-date"), let date = DoubleDate.parseBasic(stamp),
            let seconds = TimeInterval(request.item("x-oss-expires") ?? ""), (1...604_800).contains(seconds)
        else { return failure(400, "InvalidArgument") }
        let age = now.timeIntervalSince(date)
        guard age > -15 * 60, age < seconds else { return failure(403, "AccessDenied") }
        return refusalV4(
            request, key, stamp: stamp, credential: request.item("x-oss-credential") ?? "",
            additional: request.item("x-oss-additional-headers") ?? "",
            signature: request.item("x-oss-signature") ?? "")
    }

    private func refusalV4(
        _ request: DoubleRequest, _ key: String, stamp: String, credential: String, additional: String,
        signature: String
    ) -> DoubleAnswer? {
        let scope = "\(stamp.prefix(8))/\(region)/oss/aliyun_v4_request"
        guard credential.hasPrefix("\(accessKey)/") else { return failure(403, "InvalidAccessKeyId") }
        guard credential == "\(accessKey)/\(scope)" else { return failure(400, "InvalidArgument") }
        let canonical = Data(canonicalV4(request, key, additional: additional).utf8)
        let text = ["OSS4-HMAC-SHA256", stamp, scope, hex(SHA256.hash(data: canonical))].joined(separator: "\n")
        var secret = SymmetricKey(data: Data("aliyun_v4\(self.secret)".utf8))
        for step in scope.split(separator: "/") { secret = SymmetricKey(data: code(String(step), secret)) }
        return signature == hex(code(text, secret)) ? nil : failure(403, "SignatureDoesNotMatch")
    }

    /// The canonical request: the path always names the bucket, whatever the style of the address.
    private func canonicalV4(_ request: DoubleRequest, _ key: String, additional: String) -> String {
        let extra = additional.split(separator: ";").map { String($0).lowercased() }.sorted()
        let items = request.query.filter { $0.name != "x-oss-signature" }
            .map { (Percent.encoded($0.name), Percent.encoded($0.value)) }.sorted { $0.0 < $1.0 }
            .map { $0.1.isEmpty ? $0.0 : "\($0.0)=\($0.1)" }
        let headers = request.headers(beginning: "").filter { name, _ in
            name.hasPrefix("x-oss-") || ["content-type", "content-md5"].contains(name) || extra.contains(name)
        }
        return [
            request.method, Percent.encoded("/\(bucket)/\(key)", keepingSlashes: true), items.joined(separator: "&"),
            headers.map { "\($0.name):\($0.value)\n" }.joined(), extra.joined(separator: ";"), "UNSIGNED-PAYLOAD",
        ].joined(separator: "\n")
    }

    private func code(_ text: String, _ key: SymmetricKey) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key))
    }

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }
}
