// SPDX-License-Identifier: Apache-2.0
import Metadata
import SQLStorage

/// Which schemas a node works with, and what to do about the others, in words for the person who started it.
package enum SchemaCheck {
    /// Migrates what a node may migrate by itself: an empty database, or its own embedded one.
    ///
    /// - Returns: The migrations that this call applied.
    /// - Throws: ``StartFault/file(_:)`` for a served database with an older or a newer schema, or with foreign tables.
    static func prepare(_ database: any SQLDatabase) async throws -> [Migration] {
        try await explaining {
            let migrator = Migrator(database)
            let isEmpty = try await migrator.status().allSatisfy { $0.appliedAt == nil }
            if isEmpty || database.dialect == .sqlite { return try await migrator.migrate() }
            try await demandCurrent(database)
            return []
        }
    }

    /// Nodes that start together meet a database that one of them is just filling, so a missing migration is waited for a while.
    ///
    /// - Throws: ``StartFault/file(_:)`` when a migration is missing.
    static func demandCurrent(_ database: any SQLDatabase, patience: Duration = .seconds(10)) async throws {
        let end = ContinuousClock.now + patience
        while try await explaining({ try await Migrator(database).status() }).contains(where: { $0.appliedAt == nil }) {
            guard ContinuousClock.now < end else {
                throw StartFault.file(
                    "the database has the schema of an older version; run this first: haven db migrate")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Runs `body` and puts what the schema's room refuses into words.
    package static func explaining<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as MetadataError {
            guard let text = words(for: error) else { throw error }
            throw StartFault.file(text)
        } catch SQLError.unreachable(let cause) {
            throw StartFault.file("the database cannot be reached; look at db_host, db_user and db_password: \(cause)")
        }
    }

    private static func words(for error: MetadataError) -> String? {
        switch error {
        case .newerSchema(let number, let title):
            "the database was migrated by a newer version (migration \(number), \(title)); use that version here too"
        case .changedMigration(let number, let applied, let expected):
            "migration \(number) of the database is not the one of this version (\(applied), here \(expected)); "
                + "use the version that migrated it"
        case .foreignTables(let tables):
            "the database holds tables of another program (\(tables.joined(separator: ", "))); "
                + "give Haven a database of its own, by db_name"
        case .noMigration(let number, let applied, let newest):
            "there is no migration to \(number): the database is at \(applied), and this version goes to \(newest); "
                + "migrations are not undone, because the version before works with the newer schema too"
        default: nil
        }
    }
}
