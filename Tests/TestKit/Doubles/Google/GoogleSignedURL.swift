// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation

/// The check of a V4 signed URL of Google Cloud Storage, with the account's public key.
struct GoogleSignedURL {
    let request: DoubleRequest
    let identity: GoogleIdentity

    /// Whether a request claims to be one.
    var isClaimed: Bool { request.item("X-Goog-Signature") != nil }

    var isValid: Bool {
        guard request.item("X-Goog-Algorithm") == "GOOG4-RSA-SHA256", let stamp = request.item("X-Goog-Date"),
            let date = DoubleDate.parseBasic(stamp), let life = TimeInterval(request.item("X-Goog-Expires") ?? ""),
            let signature = bytes(ofHex: request.item("X-Goog-Signature") ?? "")
        else { return false }
        let age = Date().timeIntervalSince(date)
        guard (1...604_800).contains(life), age > -15 * 60, age < life else { return false }
        let credential = (request.item("X-Goog-Credential") ?? "").split(separator: "/")
        guard credential.count == 5, credential[0] == Substring(identity.email),
            credential[1] == stamp.prefix(8), credential[3] == "storage", credential[4] == "goog4_request"
        else { return false }
        let scope = credential.dropFirst().joined(separator: "/")
        let digest = SHA256.hash(data: Data(canonicalRequest.utf8)).map { String(format: "%02x", $0) }.joined()
        let text = ["GOOG4-RSA-SHA256", stamp, scope, digest].joined(separator: "\n")
        return identity.verifies(signature, of: Data(text.utf8))
    }

    private var canonicalRequest: String {
        let names = (request.item("X-Goog-SignedHeaders") ?? "").split(separator: ";").map(String.init)
        let items = request.query.filter { $0.name != "X-Goog-Signature" }
            .map { "\(Percent.encoded($0.name))=\(Percent.encoded($0.value))" }.sorted()
        return [
            request.method, request.rawPath, items.joined(separator: "&"),
            names.map { "\($0):\(request.header($0).trimmingSpaces)\n" }.joined(), names.joined(separator: ";"),
            "UNSIGNED-PAYLOAD",
        ].joined(separator: "\n")
    }

    private func bytes(ofHex text: String) -> Data? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        return bytes.contains(nil) ? nil : Data(bytes.compactMap { $0 })
    }
}
