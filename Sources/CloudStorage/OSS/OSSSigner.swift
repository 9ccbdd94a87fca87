// SPDX-License-Identifier: Apache-2.0

import OCI

/// Signs requests and addresses for OSS, in version 1 or 4.
///
/// Specified by the reference of OSS, "Add signatures to headers" and "Add signatures to URLs" of either version. In all of
/// them the resource is `/bucket/key`, whatever the style of the address.
struct OSSSigner: Sendable, KeepsSecrets {
    let accessKey: String
    let secretKey: String
    let region: String
    let bucket: String
    let version: OSSOptions.SignatureVersion

    init(_ options: OSSOptions) {
        accessKey = options.accessKey
        secretKey = options.secretKey
        region = options.region
        bucket = options.bucket
        version = options.signature
    }

    /// Headers for a request: those given, in lower case, and those that sign.
    ///
    /// - Parameter key: Empty for calls to the bucket.
    func headers(
        _ method: String, key: String, query: [(String, String)], _ headers: [(name: String, value: String)],
        at time: UTCTime
    ) -> [(name: String, value: String)] {
        switch version {
        case .v1:
            let signature = signatureV1(method, key, query, headers, date: time.httpDate)
            return headers + [("date", time.httpDate), ("authorization", "OSS \(accessKey):\(signature)")]
        case .v4:
            let all = headers + [("x-oss-date", time.basic), ("x-oss-content-sha256", Self.payload)]
            let signature = signatureV4(method, key, query, all, at: time)
            let credential = "\(Self.algorithm) Credential=\(accessKey)/\(scope(time)), Signature=\(signature)"
            return all + [("authorization", credential)]
        }
    }

    /// The query of an address that may be used by whoever has it, for `seconds` from `time` on.
    func query(_ method: String, key: String, seconds: Int64, at time: UTCTime) -> [(String, String)] {
        switch version {
        case .v1:
            let end = String(time.seconds + seconds)
            let signature = signatureV1(method, key, [], [], date: end)
            return [("OSSAccessKeyId", accessKey), ("Expires", end), ("Signature", signature)]
        case .v4:
            let items = [
                ("x-oss-signature-version", Self.algorithm), ("x-oss-credential", "\(accessKey)/\(scope(time))"),
                ("x-oss-date", time.basic), ("x-oss-expires", String(seconds)),
            ]
            return items + [("x-oss-signature", signatureV4(method, key, items, [], at: time))]
        }
    }
}

// Version 1.
extension OSSSigner {
    /// The items of a query that belong to the resource, of those that the driver sends.
    private static let subresources: Set = ["continuation-token", "delete", "partNumber", "uploadId", "uploads"]

    private func signatureV1(
        _ method: String, _ key: String, _ query: [(String, String)], _ headers: [(name: String, value: String)],
        date: String
    ) -> String {
        func header(_ name: String) -> String { headers.first { $0.name == name }?.value ?? "" }
        let items = query.filter { Self.subresources.contains($0.0) }.sorted { $0.0 < $1.0 }
            .map { $0.1.isEmpty ? $0.0 : "\($0.0)=\($0.1)" }
        let resource = "/\(bucket)/\(key)" + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
        let named = headers.filter { $0.name.hasPrefix("x-oss-") }.sorted { $0.name < $1.name }
        let lines =
            [method, header("content-md5"), header("content-type"), date] + named.map { "\($0.name):\($0.value)" }
            + [resource]
        return Base64.encode(WireText.hmacSHA1(lines.joined(separator: "\n"), key: Array(secretKey.utf8)))
    }
}

// Version 4.
extension OSSSigner {
    private static let algorithm = "OSS4-HMAC-SHA256"
    /// OSS knows no digest of a body here; the body's MD5 is a header of its own, and signed.
    private static let payload = "UNSIGNED-PAYLOAD"

    private func scope(_ time: UTCTime) -> String { "\(time.basicDate)/\(region)/oss/aliyun_v4_request" }

    private func signatureV4(
        _ method: String, _ key: String, _ query: [(String, String)], _ headers: [(name: String, value: String)],
        at time: UTCTime
    ) -> String {
        let items = query.map { (WireText.percentEncoded($0.0), WireText.percentEncoded($0.1)) }
            .sorted { $0.0 < $1.0 }.map { $0.1.isEmpty ? $0.0 : "\($0.0)=\($0.1)" }
        let signed = headers.filter { name, _ in
            name.hasPrefix("x-oss-") || name == "content-type" || name == "content-md5"
        }.sorted { $0.name < $1.name }
        // The empty line stands for headers that would be signed besides these.
        let request = [
            method, WireText.percentEncoded("/\(bucket)/\(key)", keepingSlashes: true), items.joined(separator: "&"),
            signed.map { "\($0.name):\($0.value)\n" }.joined(), "", Self.payload,
        ].joined(separator: "\n")
        let text = [
            Self.algorithm, time.basic, scope(time), WireText.hex(WireText.sha256(Array(request.utf8))),
        ].joined(separator: "\n")
        var secret = Array("aliyun_v4\(secretKey)".utf8)
        for word in [time.basicDate, region, "oss", "aliyun_v4_request"] {
            secret = WireText.hmacSHA256(word, key: secret)
        }
        return WireText.hex(WireText.hmacSHA256(text, key: secret))
    }
}
