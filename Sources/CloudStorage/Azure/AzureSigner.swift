// SPDX-License-Identifier: Apache-2.0

import OCI

/// Signs requests and addresses with an account's key.
///
/// Specified by "Authorize with Shared Key" and "Create a service SAS" of the reference of Azure Storage.
struct AzureSigner: Sendable, KeepsSecrets {
    /// The version of the protocol that is spoken.
    static let version = "2021-12-02"

    let account: String
    private let key: [UInt8]
    private let container: String
    private let address: ServerAddress

    init(_ options: AzureOptions) {
        account = options.account
        key = options.key
        container = options.container
        address = options.address
    }

    /// A signed request.
    ///
    /// - Parameters:
    ///   - key: The blob's name; nil for the container.
    ///   - query: Names in lower case, and values, as they are before encoding.
    ///   - time: The request is good for 15 minutes around it.
    func request(
        _ method: String, _ key: String?, query: [(String, String)] = [],
        headers: [(name: String, value: String)] = [], body: CloudRequest.Body = .none, at time: UTCTime
    ) -> CloudRequest {
        let path = path(of: key)
        var request = CloudRequest(method, url(path, WireText.query(query)), headers: headers, body: body)
        request.headers += [("x-ms-date", time.httpDate), ("x-ms-version", Self.version)]
        let signature = sign(text(for: request, path: path, query: query))
        request.headers.append(("Authorization", "SharedKey \(account):\(signature)"))
        return request
    }

    /// The string to sign of a request.
    private func text(for request: CloudRequest, path: String, query: [(String, String)]) -> String {
        let length = request.body.count
        var lines = [request.method, "", "", length > 0 ? String(length) : ""]
        lines += [request.header("Content-MD5") ?? "", request.header("Content-Type") ?? ""]
        lines.append("")  // the date, which x-ms-date replaces
        lines += ["If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"]
            .map { request.header($0) ?? "" }
        lines += request.headers.filter { $0.name.hasPrefix("x-ms-") }.sorted { $0.name < $1.name }
            .map { "\($0.name):\($0.value)" }
        lines.append("/\(account)\(path)")
        lines += query.sorted { $0.0 < $1.0 }.map { "\($0.0):\($0.1)" }
        return lines.joined(separator: "\n")
    }

    /// An address under which anybody may read a blob until `end`: a service SAS.
    func readingAddress(of key: String, until end: UTCTime) -> String {
        let protocols = address.isSecure ? "https" : "https,http"
        let resource = "/blob/\(account)/\(container)/\(key)"
        // Permission, start, expiry, resource, identifier, addresses, protocols, version, kind, snapshot, scope, and five
        // headers of the answer.
        let fields = ["r", "", end.iso8601, resource, "", "", protocols, Self.version, "b", "", "", "", "", "", "", ""]
        let query = [
            ("sp", "r"), ("se", end.iso8601), ("spr", protocols), ("sv", Self.version), ("sr", "b"),
            ("sig", sign(fields.joined(separator: "\n"))),
        ]
        return url(path(of: key), WireText.query(query))
    }

    private func path(of key: String?) -> String {
        let blob = key.map { "/" + WireText.percentEncoded($0, keepingSlashes: true) } ?? ""
        return "\(address.path)/\(container)\(blob)"
    }

    private func url(_ path: String, _ query: String) -> String {
        "\(address.scheme)://\(address.host)\(path)" + (query.isEmpty ? "" : "?\(query)")
    }

    private func sign(_ text: String) -> String {
        Base64.encode(WireText.hmacSHA256(text, key: key))
    }
}

extension CloudRequest.Body {
    /// In bytes.
    var count: Int64 {
        switch self {
        case .none: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .spooled(let body): Int64(body.range.count)
        }
    }
}
