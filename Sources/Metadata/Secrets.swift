// SPDX-License-Identifier: Apache-2.0

import SQLStorage

extension MetadataTransaction {
    /// The encrypted secret of a name, or nil.
    package func secret(named name: String) throws -> [UInt8]? {
        try sql.rows("SELECT sealed FROM secrets WHERE name = \(name)").first?.blob(0)
    }

    /// Adds a secret that all nodes share.
    ///
    /// - Returns: Whether the name was free; nothing changes when it was not.
    package func addSecret(_ name: String, sealed: [UInt8]) throws -> Bool {
        try sql.run(
            """
            INSERT INTO secrets (name, sealed, created_at, version) VALUES (\(name), \(sealed), \(dialect.now), 1)
            \(dialect.keepExisting("name"))
            """
        ) == 1
    }

    /// Makes this transaction and every other that holds the secret happen one after the other, whichever nodes they run
    /// on: who comes second sees what the first did.
    ///
    /// - Returns: Whether there is such a secret to hold.
    @discardableResult
    package func holdSecret(_ name: String) throws -> Bool {
        try sql.run("UPDATE secrets SET version = version + 1 WHERE name = \(name)") == 1
    }
}
