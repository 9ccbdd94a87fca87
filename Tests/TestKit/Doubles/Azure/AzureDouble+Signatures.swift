// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation

extension AzureDouble {
    /// The answer to a request that proves nothing, or not enough; nil for one that may go on.
    func refusal(of request: DoubleRequest) -> DoubleAnswer? {
        if request.item("sig") != nil { return sharedAccessRefusal(of: request) }
        let fields = request.header("Authorization").split(separator: " ", maxSplits: 1)
        guard fields.count == 2 else { return failure(401, "NoAuthenticationInformation") }
        guard fields[0] == "SharedKey", isRecent(request), !request.header("x-ms-version").isEmpty else {
            return failure(403, "AuthenticationFailed")
        }
        let expected = "\(account):\(signature(sharedKeyText(request)))"
        return fields[1] == Substring(expected) ? nil : failure(403, "AuthenticationFailed")
    }

    /// The date must be within 15 minutes of the service's clock.
    private func isRecent(_ request: DoubleRequest) -> Bool {
        let sent = request.header("x-ms-date").isEmpty ? request.header("Date") : request.header("x-ms-date")
        guard let date = DoubleDate.parseHTTP(sent) else { return false }
        return abs(date.timeIntervalSince(now)) <= 15 * 60
    }

    /// The string to sign of "Authorize with Shared Key", for versions from 2015-02-21 on.
    private func sharedKeyText(_ request: DoubleRequest) -> String {
        let length = request.header("Content-Length")
        var lines = [request.method, request.header("Content-Encoding"), request.header("Content-Language")]
        lines.append(length == "0" ? "" : length)
        lines += [request.header("Content-MD5"), request.header("Content-Type")]
        lines.append(request.header("x-ms-date").isEmpty ? request.header("Date") : "")
        lines += ["If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"].map(request.header)
        lines += request.headers(beginning: "x-ms-").map { "\($0.name):\($0.value)" }
        lines.append("/\(account)\(request.rawPath)")
        let items = Dictionary(grouping: request.query) { $0.name.lowercased() }
        lines += items.sorted { $0.key < $1.key }.map { name, values in
            "\(name):\(values.map(\.value).sorted().joined(separator: ","))"
        }
        return lines.joined(separator: "\n")
    }

    /// Base64 of HMAC-SHA256 with the account's key.
    private func signature(_ text: String) -> String {
        let secret = SymmetricKey(data: Data(base64Encoded: key) ?? Data())
        return Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: secret)).base64EncodedString()
    }
}

extension AzureDouble {
    /// Checks a service SAS: "Create a service SAS", for versions from 2020-12-06 on.
    private func sharedAccessRefusal(of request: DoubleRequest) -> DoubleAnswer? {
        guard let text = sharedAccessText(request), request.item("sig") == signature(text) else {
            return failure(403, "AuthenticationFailed")
        }
        let begin = request.item("st").map { DoubleDate.parseISO($0) } ?? .distantPast
        guard let begin, let end = DoubleDate.parseISO(request.item("se") ?? ""), begin <= now, now < end else {
            return failure(403, "AuthenticationFailed")
        }
        guard request.item("spr")?.contains("http") ?? true else {
            return failure(403, "AuthorizationProtocolMismatch")
        }
        let permissions = request.item("sp") ?? ""
        let needed: Character =
            switch request.method {
            case "GET", "HEAD": request.item("comp") == "list" ? "l" : "r"
            case "DELETE": "d"
            default: "w"
            }
        return permissions.contains(needed) ? nil : failure(403, "AuthorizationPermissionMismatch")
    }

    private func sharedAccessText(_ request: DoubleRequest) -> String? {
        guard let version = request.item("sv"), version >= "2020-12-06", let kind = request.item("sr") else {
            return nil
        }
        let names = request.path.split(separator: "/", maxSplits: 2)
        // The resource has the account once, whatever the style of the address.
        let resource: String
        switch kind {
        case "b" where names.count == 3: resource = "/blob/" + names.joined(separator: "/")
        case "c" where names.count >= 2: resource = "/blob/" + names[..<2].joined(separator: "/")
        default: return nil
        }
        let fields: [String] =
            ["sp", "st", "se"].map { request.item($0) ?? "" } + [resource]
            + ["si", "sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct"].map {
                request.item($0) ?? ""
            }
        return fields.joined(separator: "\n")
    }
}
