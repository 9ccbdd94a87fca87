// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// Brings a database to the schema of this release.
///
/// Migrations are applied one by one under a lock: of several nodes that start together one migrates and the others find it
/// done. Running it again changes nothing. On SQLite and PostgreSQL a migration and its row in `schema_migrations` are one
/// transaction. On MariaDB, where each change of a table commits by itself, the statements are applied one by one under a
/// ``MigrationLease`` and the row comes last: what was killed in the middle is begun again, so every statement must be safe
/// to run twice.
///
/// Every migration can live beside the release before it, so a database that is one migration ahead is served: that is how
/// nodes are upgraded one after the other. One that is further ahead is refused.
package struct Migrator: Sendable {
    private let database: any SQLDatabase
    private let migrations: [Migration]
    private let leaseLife: Int64
    /// Another node may migrate for minutes; whoever waits for it finds the work done.
    private let patience = RetryPolicy(
        first: .milliseconds(50), longest: .seconds(1), deadline: .seconds(600), absence: .zero)

    /// - Parameter leaseLife: How long a process that was killed keeps others from going on, in microseconds.
    package init(
        _ database: any SQLDatabase, migrations: [Migration] = .released, leaseLife: Int64 = .seconds(60)
    ) {
        self.database = database
        self.migrations = migrations
        self.leaseLife = leaseLife
    }

    /// One migration and when it was applied here.
    package struct Status: Sendable, Equatable {
        package let number: Int
        package let title: String
        /// Microseconds since 1970 by the database's clock; nil when it is still to come.
        package let appliedAt: Int64?
    }

    /// Which migrations are applied. Changes nothing, also in an empty database.
    ///
    /// - Throws: ``MetadataError/newerSchema(number:title:)`` and ``MetadataError/changedMigration(number:applied:expected:)``.
    package func status() async throws -> [Status] {
        try await database.read(.administration) { transaction in
            try status(transaction)
        }
    }

    /// Applies what is missing. A SQLite database that holds an older schema is copied aside first, next to its file.
    ///
    /// - Parameter last: The number of the last migration wanted; nil applies all.
    /// - Returns: The migrations that this call applied.
    /// - Throws: ``MetadataError/newerSchema(number:title:)``, ``MetadataError/changedMigration(number:applied:expected:)``,
    ///   ``MetadataError/foreignTables(_:)`` and ``MetadataError/noMigration(to:applied:newest:)`` before anything is
    ///   changed; ``SQLError`` when a statement fails.
    @discardableResult
    package func migrate(to last: Int? = nil) async throws -> [Migration] {
        guard let file = database as? SQLiteDatabase else { return try await applyMissing(to: last) }
        guard try await !missing(to: last).isEmpty else { return [] }
        // Whoever waited finds the work done: it neither copies a state in the middle nor writes over another's copy.
        let lock = try await patience.run(.sqlite) { try AdvisoryLock(folderOf: file.path) }
        defer { withExtendedLifetime(lock) {} }
        return try await applyMissing(to: last)
    }

    private func applyMissing(to last: Int?) async throws -> [Migration] {
        let missing = try await missing(to: last)
        guard let first = missing.first else { return [] }
        if first.number > 1 {
            try await copyAside()
        } else {
            try await refuseForeignTables()
        }
        var applied: [Migration] = []
        for migration in missing where try await apply(migration) {
            applied.append(migration)
        }
        return applied
    }

    private func missing(to last: Int?) async throws -> [Migration] {
        let status = try await status()
        let missing = Set(status.filter { $0.appliedAt == nil }.map(\.number))
        return try migrations(to: last, after: status).filter { missing.contains($0.number) }
    }

    private func migrations(to last: Int?, after status: [Status]) throws -> [Migration] {
        guard let last else { return migrations }
        let applied = status.last { $0.appliedAt != nil }?.number ?? 0
        let newest = migrations.last?.number ?? 0
        guard (max(applied, 1)...max(newest, 1)).contains(last) else {
            throw MetadataError.noMigration(to: last, applied: applied, newest: newest)
        }
        return migrations.filter { $0.number <= last }
    }

    /// Applies one migration unless another process was faster.
    private func apply(_ migration: Migration) async throws -> Bool {
        try await patience.run(database.dialect) {
            if database.dialect == .mariadb { return try await applyStepwise(migration) }
            return try await applyWhole(migration)
        }
    }

    /// SQLite's write transaction is the lock. PostgreSQL's lock has no row to hold on to in an empty database, so it is one
    /// of a number, and ends with the transaction.
    private func applyWhole(_ migration: Migration) async throws -> Bool {
        try await database.write(.administration, .full) { transaction in
            if transaction.dialect == .postgresql {
                _ = try transaction.rows("SELECT 1 FROM pg_advisory_xact_lock(\(Self.lockNumber))")
            }
            try transaction.run(SchemaLedger.table(transaction.dialect))
            guard try isMissing(migration, transaction) else { return false }
            for statement in migration.statements(for: transaction.dialect) {
                try transaction.run(statement)
            }
            try transaction.run(SchemaLedger.row(of: migration, transaction.dialect))
            return true
        }
    }

    private func applyStepwise(_ migration: Migration) async throws -> Bool {
        guard try await database.read(.administration, { try isMissing(migration, $0) }) else { return false }
        let lease = try await MigrationLease.take(database, life: leaseLife)
        do {
            let isApplied = try await applySteps(migration, lease)
            await lease.release()
            return isApplied
        } catch {
            await lease.release()
            throw error
        }
    }

    private func applySteps(_ migration: Migration, _ lease: MigrationLease) async throws -> Bool {
        guard try await database.read(.administration, { try isMissing(migration, $0) }) else { return false }
        for statement in migration.statements(for: .mariadb) + [SchemaLedger.row(of: migration, .mariadb)] {
            try await database.write(.administration, .full) { transaction in
                try lease.renew(transaction)
                try transaction.run(statement)
            }
        }
        return true
    }

    /// The number of the lock, "haven" in ASCII: any that no other program in the database uses.
    private static let lockNumber: Int64 = 0x68_61_76_65_6e

    private func isMissing(_ migration: Migration, _ transaction: any SQLTransaction) throws -> Bool {
        try status(transaction).contains { $0.number == migration.number && $0.appliedAt == nil }
    }

    private func status(_ transaction: any SQLTransaction) throws -> [Status] {
        let applied = try SchemaLedger.rows(transaction)
        for row in applied {
            guard let known = migrations.first(where: { $0.number == row.number }) else {
                if row.number == migrations.count + 1 { continue }
                throw MetadataError.newerSchema(number: row.number, title: row.title)
            }
            let expected = known.checksum(for: transaction.dialect)
            guard row.checksum == expected else {
                throw MetadataError.changedMigration(number: known.number, applied: row.checksum, expected: expected)
            }
        }
        return migrations.map { migration in
            let row = applied.first { $0.number == migration.number }
            return Status(number: migration.number, title: migration.title, appliedAt: row?.appliedAt)
        }
    }

    /// Haven must not mix with another program's tables: theirs might have the names of ours.
    ///
    /// - Throws: ``MetadataError/foreignTables(_:)`` when there are tables and no migration was ever begun.
    package func refuseForeignTables() async throws {
        let tables = try await database.read(.administration) { try SchemaLedger.tables($0) }
        // With a ledger it is ours: an earlier attempt was killed before its first migration was done.
        if tables.isEmpty || tables.contains(SchemaLedger.name) { return }
        throw MetadataError.foreignTables(Array(tables.prefix(5)))
    }

    /// A copy of an earlier attempt is replaced: that attempt changed nothing, and the database may have served since.
    private func copyAside() async throws {
        guard let file = database as? SQLiteDatabase else { return }
        let applied = try await database.read(.administration) { try SchemaLedger.rows($0).last?.number ?? 0 }
        try await file.backup(to: "\(file.path).schema-\(applied)", replacing: true)
    }
}
