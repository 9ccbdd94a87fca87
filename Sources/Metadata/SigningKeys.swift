// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// One key that tokens are signed with.
package struct SigningKeyRow: Sendable {
    /// The key's public name, `kid` in a token.
    package let id: String
    /// `ES256` or `RS256`.
    package let algorithm: String
    /// The private key, encrypted.
    package let sealedKey: [UInt8]
    /// Microseconds since 1970.
    package let createdAt: Int64
    /// When it stops or stopped to sign, in microseconds since 1970; nil while no other key follows it.
    package let retiredAt: Int64?
    /// The database's clock when the row was read, in microseconds since 1970.
    package let readAt: Int64

    init(_ row: SQLRow) {
        id = row.text(0)
        algorithm = row.text(1)
        sealedKey = row.blob(2)
        createdAt = row.integer(3)
        retiredAt = row.optionalInteger(4)
        readAt = row.integer(5)
    }
}

extension MetadataTransaction {
    /// The keys that sign, will sign, and those that stopped no longer than `age` microseconds ago, the newest first.
    package func signingKeys(retiredWithin age: Int64) throws -> [SigningKeyRow] {
        try sql.rows(
            """
            SELECT id, algorithm, private_key, created_at, retired_at, \(dialect.now) FROM signing_keys
            WHERE retired_at IS NULL OR retired_at > \(dialect.now) - \(age) ORDER BY created_at DESC, id
            """
        ).map(SigningKeyRow.init)
    }

    /// Adds a key.
    package func addSigningKey(_ id: String, algorithm: String, sealedKey: [UInt8]) throws {
        try sql.run(
            """
            INSERT INTO signing_keys (id, algorithm, private_key, created_at, retired_at)
            VALUES (\(id), \(algorithm), \(sealedKey), \(dialect.now), NULL)
            """)
    }

    /// Stops all keys but one from signing, `delay` microseconds from now; what they signed stays valid for its time.
    package func retireSigningKeys(except id: String, after delay: Int64) throws {
        try sql.run(
            """
            UPDATE signing_keys SET retired_at = \(dialect.now) + \(delay) WHERE retired_at IS NULL AND id <> \(id)
            """)
    }

    /// Forgets the keys that stopped more than `age` microseconds ago.
    package func forgetSigningKeys(retiredBefore age: Int64) throws {
        try sql.run("DELETE FROM signing_keys WHERE retired_at IS NOT NULL AND retired_at <= \(dialect.now) - \(age)")
    }
}
