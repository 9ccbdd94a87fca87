// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Crypto
import CryptoExtras
import FoundationEssentials
import OCI

/// A service account and its private key: what asks for tokens and signs addresses.
package struct GoogleAccount: Sendable, KeepsSecrets {
    package let email: String
    package let keyID: String
    /// Where tokens are asked for.
    package let tokenAddress: String
    private let key: _RSA.Signing.PrivateKey

    /// Reads the key file that Google makes for an account; nil when it is none.
    package init?(keyFile: [UInt8]) {
        guard let json = try? JSONValue(parsing: keyFile), json["type"]?.string == "service_account",
            let email = json["client_email"]?.string, let pem = json["private_key"]?.string,
            let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem)
        else { return nil }
        self.email = email
        self.key = key
        keyID = json["private_key_id"]?.string ?? ""
        tokenAddress = json["token_uri"]?.string ?? "https://oauth2.googleapis.com/token"
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
    ///
    /// - Throws: ``CloudFailure/local(_:)`` when the key cannot sign.
    func sign(_ text: String) throws(CloudFailure) -> [UInt8] {
        do {
            let digest = SHA256.hash(data: Array(text.utf8))
            return Array(try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
        } catch {
            throw .local(.refused("the key of \(email) cannot sign: \(error)"))
        }
    }

    /// The assertion with which a token is asked for: RFC 7523, and "Using OAuth 2.0 for Server to Server Applications".
    func assertion(at time: UTCTime) throws(CloudFailure) -> String {
        var header = JSONWriter()
        header.beginObject()
        for (name, value) in [("alg", "RS256"), ("typ", "JWT"), ("kid", keyID)] {
            header.key(name)
            header.string(value)
        }
        header.endObject()
        var claims = JSONWriter()
        claims.beginObject()
        for (name, value) in [("iss", email), ("scope", Self.scope), ("aud", tokenAddress)] {
            claims.key(name)
            claims.string(value)
        }
        claims.key("iat")
        claims.int(time.seconds)
        claims.key("exp")
        claims.int(time.seconds + 3_600)
        claims.endObject()
        let text = "\(Self.base64URL(header.bytes)).\(Self.base64URL(claims.bytes))"
        return "\(text).\(Self.base64URL(try sign(text)))"
    }

    private static let scope = "https://www.googleapis.com/auth/devstorage.read_write"

    private static func base64URL(_ bytes: [UInt8]) -> String {
        String(
            Base64.encode(bytes).compactMap { character -> Character? in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            })
    }
}
