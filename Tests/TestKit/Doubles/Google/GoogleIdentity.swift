// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
package import Foundation
import NIOCore
import Synchronization

/// A double of Google's token service for one service account: it makes the account's key file, checks assertions and
/// signed URLs with the public key, and hands out bearer tokens.
///
/// Written from Google's public pages "Using OAuth 2.0 for Server to Server Applications" and "V4 signing process with
/// your own program".
package final class GoogleIdentity: Sendable {
    package let email = "haven@double.iam.gserviceaccount.com"
    private let keyID = "double-key-1"
    private let key: _RSA.Signing.PrivateKey
    private let tokens = Mutex<[String: Date]>([:])
    private let life = Mutex<TimeInterval>(3_600)

    package init() throws { key = try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    /// The account's key file.
    package func keyFile(tokenAddress: String) throws -> Data {
        try JSONEncoder().encode([
            "type": "service_account", "project_id": "double", "private_key_id": keyID,
            "private_key": key.pkcs8PEMRepresentation, "client_email": email, "client_id": "1",
            "token_uri": tokenAddress,
        ])
    }

    /// How many seconds later tokens live; the answer says so.
    package func setTokenLife(_ seconds: TimeInterval) { life.withLock { $0 = seconds } }

    /// Takes back every token, as when a key is revoked.
    package func revokeTokens() { tokens.withLock { $0 = [:] } }

    /// How many tokens were handed out and not revoked.
    package var tokenCount: Int { tokens.withLock { $0.count } }

    func isValid(token: String) -> Bool { tokens.withLock { $0[token].map { Date() < $0 } ?? false } }

    /// The token endpoint.
    func issueToken(_ request: DoubleRequest, address: String) -> DoubleAnswer {
        let form = request.text.split(separator: "&").reduce(into: [String: String]()) { form, item in
            let sides = item.split(separator: "=", maxSplits: 1)
            if sides.count == 2 { form[Percent.decoded(sides[0])] = Percent.decoded(sides[1]) }
        }
        guard form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer" else {
            return refusal("unsupported_grant_type")
        }
        guard isValid(assertion: form["assertion"] ?? "", audience: address) else { return refusal("invalid_grant") }
        let token = "ya29.\(UUID().uuidString)"
        let seconds = life.withLock { $0 }
        tokens.withLock { $0[token] = Date(timeIntervalSinceNow: seconds) }
        return .json(
            200, "{\"access_token\":\"\(token)\",\"expires_in\":\(Int(seconds)),\"token_type\":\"Bearer\"}")
    }

    private func refusal(_ error: String) -> DoubleAnswer {
        .json(400, "{\"error\":\"\(error)\",\"error_description\":\"refused by the double\"}")
    }
}

extension GoogleIdentity {
    private struct Header: Decodable {
        let alg: String
        let typ: String
        let kid: String?
    }

    private struct Claims: Decodable {
        let iss: String
        let scope: String
        let aud: String
        let iat: Double
        let exp: Double
    }

    /// Whether the account signed this JWT, for this service, not long ago and for at most an hour.
    private func isValid(assertion: String, audience: String) -> Bool {
        let parts = assertion.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Self.base64URL(parts[2]),
            let header = Self.base64URL(parts[0]).flatMap({ try? JSONDecoder().decode(Header.self, from: $0) }),
            let claims = Self.base64URL(parts[1]).flatMap({ try? JSONDecoder().decode(Claims.self, from: $0) })
        else { return false }
        let now = Date().timeIntervalSince1970
        return header.alg == "RS256" && header.typ == "JWT" && (header.kid ?? keyID) == keyID
            && verifies(signature, of: Data("\(parts[0]).\(parts[1])".utf8))
            && claims.iss == email && claims.aud == audience && claims.scope.contains("/auth/devstorage.")
            && claims.iat <= now + 300 && claims.exp > now && claims.exp <= claims.iat + 3_600
    }

    /// Whether the account signed `text` (RSASSA-PKCS1-v1_5 with SHA-256).
    func verifies(_ signature: Data, of text: Data) -> Bool {
        key.publicKey.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: text),
            padding: .insecurePKCS1v1_5)
    }

    private static func base64URL(_ text: Substring) -> Data? {
        let plain = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
    }
}

extension DoubleAnswer {
    /// An answer with a JSON document.
    static func json(_ status: Int, _ text: String) -> DoubleAnswer {
        DoubleAnswer(status, [("Content-Type", "application/json; charset=UTF-8")], body: .init(string: text))
    }
}
