// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras

/// A password as it is stored: PBKDF2-HMAC-SHA256 (RFC 8018) with its own salt and number of rounds.
///
/// The text form says all that is needed to check it, `pbkdf2-sha256$<rounds>$<salt>$<key>`, so that later releases can
/// use more rounds or another function for new passwords.
struct PasswordHash: Sendable {
    private static let scheme = "pbkdf2-sha256"
    private static let saltLength = 16
    private static let keyLength = 32

    private let rounds: Int
    private let salt: [UInt8]
    private let key: [UInt8]

    /// Takes a tenth of a second and more: never call it on the cooperative pool.
    init(of password: String, rounds: Int) throws {
        self.rounds = rounds
        salt = randomBytes(Self.saltLength)
        key = try Self.derive(password, salt: salt, rounds: rounds)
    }

    /// Reads a stored hash; nil when it is none.
    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == Self.scheme, let rounds = Int(parts[1]), rounds > 0,
            let salt = Base64URL.decode(parts[2].utf8), salt.count >= 8,
            let key = Base64URL.decode(parts[3].utf8), key.count == Self.keyLength
        else { return nil }
        self.rounds = rounds
        self.salt = salt
        self.key = key
    }

    private init(rounds: Int, salt: [UInt8], key: [UInt8]) {
        self.rounds = rounds
        self.salt = salt
        self.key = key
    }

    /// A hash that no password has, to spend the same time on names that do not exist.
    static func unmatchable(rounds: Int) -> PasswordHash {
        PasswordHash(rounds: rounds, salt: randomBytes(saltLength), key: randomBytes(keyLength))
    }

    var text: String {
        "\(Self.scheme)$\(rounds)$\(Base64URL.encode(salt))$\(Base64URL.encode(key))"
    }

    /// Whether this is the hash of `password`. As slow as making it.
    func matches(_ password: String) -> Bool {
        guard let derived = try? Self.derive(password, salt: salt, rounds: rounds) else { return false }
        return equalInConstantTime(derived, key)
    }

    static func derive(_ password: String, salt: [UInt8], rounds: Int) throws -> [UInt8] {
        // The number of rounds comes from the settings or from a hash that was made with them; tests use few.
        let key = try KDF.Insecure.PBKDF2.deriveKey(
            from: Array(password.utf8), salt: salt, using: .sha256, outputByteCount: keyLength,
            unsafeUncheckedRounds: rounds)
        return key.withUnsafeBytes { Array($0) }
    }
}
