// SPDX-License-Identifier: Apache-2.0

/// Signs requests as AWS Signature Version 4 asks: in the `Authorization` header, or in the query of an address.
///
/// Specified by AWS, "Authenticating Requests (AWS Signature Version 4)". The chain of keys is the same for other vendors
/// under other words, which is why those are properties.
package struct SignatureV4: Sendable, KeepsSecrets {
    package var accessKey: String
    package var secretKey: String
    package var sessionToken: String?
    package var region: String
    package var service: String

    package init(
        accessKey: String, secretKey: String, sessionToken: String? = nil, region: String, service: String = "s3"
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.region = region
        self.service = service
    }

    private static let algorithm = "AWS4-HMAC-SHA256"

    /// The digest of no body at all.
    package static let emptyPayload = WireText.hex(WireText.sha256([]))

    /// Headers for a request, those given and those that sign: the date, the payload's digest, the authorization.
    ///
    /// - Parameters:
    ///   - path: Encoded already, beginning with a slash.
    ///   - query: From ``WireText/query(_:)``.
    ///   - headers: All that shall be signed, the host among them.
    ///   - payload: The body's SHA-256 in hexadecimal digits.
    package func headers(
        method: String, path: String, query: String, headers: [(name: String, value: String)], payload: String,
        at time: UTCTime
    ) -> [(name: String, value: String)] {
        var all = headers
        all.append((name: "x-amz-date", value: time.basic))
        // Only S3 wants the payload's digest as a header, too.
        if service == "s3" { all.append((name: "x-amz-content-sha256", value: payload)) }
        if let sessionToken { all.append((name: "x-amz-security-token", value: sessionToken)) }
        let canonical = Self.canonical(all)
        let signature = sign(
            [method, path, query, canonical.text, canonical.names, payload].joined(separator: "\n"), at: time)
        let authorization =
            "\(Self.algorithm) Credential=\(accessKey)/\(scope(time)), SignedHeaders=\(canonical.names), "
            + "Signature=\(signature)"
        return all + [(name: "authorization", value: authorization)]
    }

    /// The query of an address that may be used by whoever has it, for a while.
    package func presignedQuery(
        method: String, host: String, path: String, query: [(String, String)], expires: Int, at time: UTCTime
    ) -> String {
        var items = query
        items += [
            ("X-Amz-Algorithm", Self.algorithm), ("X-Amz-Credential", "\(accessKey)/\(scope(time))"),
            ("X-Amz-Date", time.basic), ("X-Amz-Expires", "\(expires)"), ("X-Amz-SignedHeaders", "host"),
        ]
        if let sessionToken { items.append(("X-Amz-Security-Token", sessionToken)) }
        let text = WireText.query(items)
        let canonical = Self.canonical([(name: "host", value: host)])
        let signature = sign(
            [method, path, text, canonical.text, canonical.names, "UNSIGNED-PAYLOAD"].joined(separator: "\n"), at: time)
        return text + "&X-Amz-Signature=\(signature)"
    }

    private func scope(_ time: UTCTime) -> String { "\(time.basicDate)/\(region)/\(service)/aws4_request" }

    private func sign(_ request: String, at time: UTCTime) -> String {
        let text = [
            Self.algorithm, time.basic, scope(time), WireText.hex(WireText.sha256(Array(request.utf8))),
        ].joined(separator: "\n")
        var key = Array("AWS4\(secretKey)".utf8)
        for word in [time.basicDate, region, service, "aws4_request"] { key = WireText.hmacSHA256(word, key: key) }
        return WireText.hex(WireText.hmacSHA256(text, key: key))
    }

    /// Names in lower case and in order, values without surplus blanks, each on a line.
    private static func canonical(_ headers: [(name: String, value: String)]) -> (text: String, names: String) {
        let sorted = headers.map { (name: $0.name.lowercased(), value: squeezed($0.value)) }
            .sorted { $0.name < $1.name }
        return (
            sorted.map { "\($0.name):\($0.value)\n" }.joined(), sorted.map(\.name).joined(separator: ";")
        )
    }

    private static func squeezed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
}
