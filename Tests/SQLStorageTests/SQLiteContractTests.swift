// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import TestKit
import Testing

@Suite("SQLite keeps the contract of databases")
struct SQLiteContractTests {
    @Test("every clause", arguments: SQLDatabaseContract.clauses)
    func contract(_ clause: Clause<any SQLDatabase>) async throws {
        try await withDatabase { try await clause.check($0) }
    }
}

/// Runs `body` with a new database in a folder of its own.
func withDatabase<T>(
    options: SQLiteOptions = SQLiteOptions(), _ body: (SQLiteDatabase) async throws -> T
) async throws -> T {
    try await withTemporaryFolder { folder in
        let database = try SQLiteDatabase(path: "\(folder)/haven.db", options: options)
        let result = try await body(database)
        await database.close()
        return result
    }
}
