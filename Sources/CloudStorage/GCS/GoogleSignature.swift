// SPDX-License-Identifier: Apache-2.0

/// Signs addresses of objects: "V4 signing process" of Google Cloud Storage.
struct GoogleSignature: Sendable {
    let account: GoogleAccount
    let endpoint: ServerAddress

    /// An address under which anybody may read an object for `seconds` from `time` on.
    func readingAddress(
        bucket: String, key: String, seconds: Int64, at time: UTCTime
    ) throws(CloudFailure) -> String {
        let scope = "\(time.basicDate)/auto/storage/goog4_request"
        let path = "\(endpoint.path)/" + WireText.percentEncoded("\(bucket)/\(key)", keepingSlashes: true)
        let query = WireText.query([
            ("X-Goog-Algorithm", Self.algorithm), ("X-Goog-Credential", "\(account.email)/\(scope)"),
            ("X-Goog-Date", time.basic), ("X-Goog-Expires", String(seconds)), ("X-Goog-SignedHeaders", "host"),
        ])
        let request = [
            "GET", path, query, "host:\(endpoint.host)\n", "host", "UNSIGNED-PAYLOAD",
        ].joined(separator: "\n")
        let digest = WireText.hex(WireText.sha256(Array(request.utf8)))
        let text = [Self.algorithm, time.basic, scope, digest].joined(separator: "\n")
        let signature = WireText.hex(try account.sign(text))
        return "\(endpoint.scheme)://\(endpoint.host)\(path)?\(query)&X-Goog-Signature=\(signature)"
    }

    private static let algorithm = "GOOG4-RSA-SHA256"
}
