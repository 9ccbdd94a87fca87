// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// The right to change the tables of a MariaDB database, held by one process on any node of a cluster.
///
/// A row is the only lock that all nodes of a Galera cluster see: `GET_LOCK` and `LOCK TABLES` hold on one node. It is taken
/// and renewed by compare-and-set, and ends by the database's clock when its holder is gone. A holder that stood still for
/// longer finds another fence at its next statement; what it did meanwhile are statements that are safe to run twice.
struct MigrationLease: Sendable {
    private let database: any SQLDatabase
    private let fence: Int64
    private let life: Int64

    private static let name = "schema_lock"

    /// The table of the row; only MariaDB has it.
    static let table: SQLStatement =
        """
        CREATE TABLE IF NOT EXISTS schema_lock (
            name \(SQLDialect.mariadb.keyType(64)) NOT NULL PRIMARY KEY,
            fence \(SQLDialect.mariadb.integerType) NOT NULL,
            until_at \(SQLDialect.mariadb.integerType) NOT NULL
        )\(SQLDialect.mariadb.tableOptions(clustered: true))
        """

    /// Takes the lease, and makes what it needs in an empty database.
    ///
    /// Whoever waits for another only reads: on Galera, each change of a table and each write to the row would end the
    /// holder's transactions.
    ///
    /// - Parameter life: How long it holds without being renewed, in microseconds.
    /// - Throws: ``SQLError/conflict(_:)`` while another process has it.
    static func take(_ database: any SQLDatabase, life: Int64) async throws -> MigrationLease {
        let isPrepared = try await database.read(.administration) { try SchemaLedger.tables($0).contains(name) }
        for table in isPrepared ? [] : [SchemaLedger.table(.mariadb), table] {
            try await database.write(.administration, .full) { _ = try $0.run(table) }
        }
        return try await database.write(.administration, .full) { transaction in
            let now = transaction.dialect.now
            let seen = try transaction.rows(
                "SELECT fence, until_at < \(now) FROM schema_lock WHERE name = 'schema'"
            ).first
            var fence: Int64 = 0
            if let seen {
                guard seen.integer(1) == 1 else { throw SQLError.conflict("another node migrates") }
                fence = seen.integer(0)
            } else {
                try transaction.run(
                    """
                    INSERT INTO schema_lock (name, fence, until_at) VALUES ('schema', 0, 0)
                    \(transaction.dialect.keepExisting("name"))
                    """)
            }
            let taken = try transaction.run(
                """
                UPDATE schema_lock SET fence = fence + 1, until_at = \(now) + \(life)
                WHERE name = 'schema' AND fence = \(fence) AND until_at < \(now)
                """)
            guard taken == 1 else { throw SQLError.conflict("another node migrates") }
            return MigrationLease(database: database, fence: fence + 1, life: life)
        }
    }

    /// Holds it for another life, with the statement that follows.
    ///
    /// - Throws: ``SQLError/conflict(_:)`` when another process has it now.
    func renew(_ transaction: any SQLTransaction) throws {
        let renewed = try transaction.run(
            """
            UPDATE schema_lock SET until_at = \(transaction.dialect.now) + \(life)
            WHERE name = 'schema' AND fence = \(fence) AND until_at > 0
            """)
        guard renewed == 1 else { throw SQLError.conflict("another node migrates now") }
    }

    /// Gives it back. When that fails it ends by itself, and what was done under it stays done.
    func release() async {
        try? await RetryPolicy(absence: .zero).run(.mariadb) {
            try await database.write(.administration, .full) { transaction in
                _ = try transaction.run(
                    "UPDATE schema_lock SET until_at = 0 WHERE name = 'schema' AND fence = \(fence)")
            }
        }
    }
}
