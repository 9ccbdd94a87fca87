// SPDX-License-Identifier: Apache-2.0

/// A transaction on one session; used by that session's thread only.
final class ServerTransaction: SQLTransaction {
    let dialect: SQLDialect
    private let session: any ServerSession
    private var depth = 0
    /// The first error outside a savepoint, or since the innermost one began.
    private var failure: SQLError?

    init(_ session: any ServerSession, _ dialect: SQLDialect) {
        self.session = session
        self.dialect = dialect
    }

    func rows(_ statement: SQLStatement) throws(SQLError) -> [SQLRow] {
        try attempt { () throws(SQLError) in try session.rows(statement) }
    }

    @discardableResult
    func run(_ statement: SQLStatement) throws(SQLError) -> Int {
        try attempt { () throws(SQLError) in try session.run(statement) }
    }

    @discardableResult
    func savepoint<T>(_ body: () throws -> T) throws -> T {
        let name = "s\(depth)"
        try execute("SAVEPOINT \(name)")
        depth += 1
        defer { depth -= 1 }
        do {
            let result = try body()
            try execute("RELEASE SAVEPOINT \(name)")
            return result
        } catch {
            // A conflict or a lost connection ends the whole transaction, on the server too: there is nothing to go back to.
            if let failure, !failure.isLocal { throw error }
            failure = nil
            try execute("ROLLBACK TO SAVEPOINT \(name)")
            try execute("RELEASE SAVEPOINT \(name)")
            throw error
        }
    }

    /// Throws the error that the body swallowed, if there is one: what follows an error must not be committed.
    func end() throws(SQLError) {
        if let failure { throw failure }
    }

    private func execute(_ text: String) throws(SQLError) {
        try attempt { () throws(SQLError) in try session.execute(text) }
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
