// SPDX-License-Identifier: Apache-2.0
import Metadata
package import SQLStorage

/// What the release after this one would do to the database.
package enum NextRelease {
    private static let number = [Migration].released.count + 1

    /// What a next release would do first: widen a table that this release writes, and add one.
    private static let expansion = Migration(number, "of tomorrow") { dialect in
        [
            "ALTER TABLE nodes ADD COLUMN IF NOT EXISTS zone VARCHAR(64)",
            "\(dialect.createTable) zones (name \(dialect.keyType(64)) NOT NULL PRIMARY KEY)",
        ]
    }

    /// Does what `haven db migrate` of the next release does, and closes the database.
    ///
    /// - Throws: ``MetadataError``, ``SQLError``, and ``ToolFailure`` when its migration was applied before.
    package static func migrate(_ database: any SQLDatabase) async throws {
        let applied = try await Migrator(database, migrations: .released + [expansion]).migrate()
        await database.close()
        guard applied.map(\.number) == [number] else {
            throw ToolFailure(what: "applied \(applied.map(\.number)) and not \(number) alone")
        }
    }
}
