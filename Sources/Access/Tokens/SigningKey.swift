// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import FoundationEssentials

/// One key that tokens are signed with, and its name in them.
struct SigningKey: Sendable {
    /// `kid`: a hash of the public key, so that equal names mean equal keys.
    let id: String
    private let key: Key
    /// The first part of every token that this key signs, with its dot.
    let encodedHeader: String

    private enum Key: Sendable {
        case es256(P256.Signing.PrivateKey)
        case rs256(_RSA.Signing.PrivateKey)
    }

    var algorithm: TokenAlgorithm {
        switch key {
        case .es256: .es256
        case .rs256: .rs256
        }
    }

    /// Makes a new key. RSA takes a second: not on the cooperative pool.
    static func make(_ algorithm: TokenAlgorithm) throws -> SigningKey {
        switch algorithm {
        case .es256: SigningKey(.es256(P256.Signing.PrivateKey()))
        case .rs256: SigningKey(.rs256(try _RSA.Signing.PrivateKey(keySize: .bits2048)))
        }
    }

    /// Reads what ``privateBytes`` gave.
    init(_ algorithm: TokenAlgorithm, privateBytes: [UInt8]) throws {
        switch algorithm {
        case .es256: self.init(.es256(try P256.Signing.PrivateKey(rawRepresentation: privateBytes)))
        case .rs256: self.init(.rs256(try _RSA.Signing.PrivateKey(derRepresentation: privateBytes)))
        }
    }

    private init(_ key: Key) {
        self.key = key
        let (publicKey, algorithm): (Data, TokenAlgorithm) =
            switch key {
            case .es256(let key): (key.publicKey.derRepresentation, .es256)
            case .rs256(let key): (key.publicKey.derRepresentation, .rs256)
            }
        id = Base64URL.encode(Array(SHA256.hash(data: publicKey)).prefix(18))
        let header = "{\"alg\":\"\(algorithm.rawValue)\",\"typ\":\"JWT\",\"kid\":\"\(id)\"}"
        encodedHeader = Base64URL.encode(Array(header.utf8)) + "."
    }

    /// The private key, to be encrypted and stored.
    var privateBytes: [UInt8] {
        switch key {
        case .es256(let key): Array(key.rawRepresentation)
        case .rs256(let key): Array(key.derRepresentation)
        }
    }

    /// The public key for others who check tokens, as PEM (SubjectPublicKeyInfo).
    var publicPEM: String {
        switch key {
        case .es256(let key): key.publicKey.pemRepresentation
        case .rs256(let key): key.publicKey.pemRepresentation
        }
    }

    /// RFC 7518: ES256 gives R and S in 64 bytes, RS256 a signature as in PKCS #1 version 1.5.
    func sign(_ text: String) throws -> [UInt8] {
        let bytes = Array(text.utf8)
        return switch key {
        case .es256(let key): Array(try key.signature(for: bytes).rawRepresentation)
        case .rs256(let key): Array(try key.signature(for: bytes, padding: .insecurePKCS1v1_5).rawRepresentation)
        }
    }

    func isValid(_ signature: [UInt8], for bytes: [UInt8]) -> Bool {
        switch key {
        case .es256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.publicKey.isValidSignature(signature, for: bytes)
        case .rs256(let key):
            return key.publicKey.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: bytes, padding: .insecurePKCS1v1_5)
        }
    }
}
