// SPDX-License-Identifier: Apache-2.0

/// A transaction on one connection; used by that connection's thread only.
final class SQLiteTransaction: SQLTransaction {
    let dialect = SQLDialect.sqlite
    private let connection: SQLiteConnection
    private var depth = 0
    /// The first error outside a savepoint, or since the innermost one began. SQLite would go on after most errors; the
    /// other databases do not, and what is written for one must not depend on it.
    private var failure: SQLError?

    init(_ connection: SQLiteConnection) {
        self.connection = connection
    }

    func rows(_ statement: SQLStatement) throws(SQLError) -> [SQLRow] {
        try attempt { () throws(SQLError) in try connection.rows(statement) }
    }

    @discardableResult
    func run(_ statement: SQLStatement) throws(SQLError) -> Int {
        try attempt { () throws(SQLError) in try connection.run(statement) }
    }

    @discardableResult
    func savepoint<T>(_ body: () throws -> T) throws -> T {
        let name = "s\(depth)"
        try run(SQLStatement(SQLFragment(raw: "SAVEPOINT \(name)")))
        depth += 1
        defer { depth -= 1 }
        do {
            let result = try body()
            try run(SQLStatement(SQLFragment(raw: "RELEASE \(name)")))
            return result
        } catch {
            // Some errors (a full disk, an interrupt) make SQLite undo the whole transaction: there is nothing to go back to.
            guard connection.isInTransaction else {
                failure = failure ?? .of(error)
                throw error
            }
            failure = nil
            try run(SQLStatement(SQLFragment(raw: "ROLLBACK TO \(name)")))
            try run(SQLStatement(SQLFragment(raw: "RELEASE \(name)")))
            throw error
        }
    }

    /// Throws the error that the body swallowed, if there is one: what follows an error must not be committed.
    func end() throws(SQLError) {
        if let failure { throw failure }
    }

    private func attempt<T>(_ work: () throws(SQLError) -> T) throws(SQLError) -> T {
        if let failure { throw failure }
        do {
            return try work()
        } catch {
            failure = error
            throw error
        }
    }
}
