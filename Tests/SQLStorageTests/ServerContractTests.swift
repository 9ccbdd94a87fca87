// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import TestKit
import Testing

@Suite("Served databases keep the contract of databases")
struct ServerContractTests {
    @Test("PostgreSQL: every clause", arguments: SQLDatabaseContract.clauses)
    func postgreSQL(_ clause: Clause<any SQLDatabase>) async throws {
        try await TestDatabase.postgresql.with { try await clause.check($0) }
    }

    @Test("MariaDB: every clause", arguments: SQLDatabaseContract.clauses)
    func mariaDB(_ clause: Clause<any SQLDatabase>) async throws {
        try await TestDatabase.mariadb.with { try await clause.check($0) }
    }

    @Test("Galera: every clause", arguments: SQLDatabaseContract.clauses)
    func galera(_ clause: Clause<any SQLDatabase>) async throws {
        try await TestDatabase.galera.with { try await clause.check($0) }
    }
}
