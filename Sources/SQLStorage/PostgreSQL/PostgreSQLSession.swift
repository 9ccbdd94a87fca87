// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL

/// A connection to PostgreSQL and its prepared statements.
final class PostgreSQLSession: ServerSession {
    private let connection: OpaquePointer
    private let notices = PostgreSQLNotices()
    private let statementLimit: Int
    let timeline: Int
    private var statements: [StatementKey: String] = [:]
    private var nextStatement = 0
    private var isWriting = false
    private(set) var isAlive = true
    private(set) var hasLostHost = false

    init(
        _ server: DatabaseServer, _ host: DatabaseServer.Host, _ lane: SQLLane, _ options: DatabaseServerOptions
    ) throws(SQLError) {
        (connection, timeline) = try Self.connect(server, host, lane, options)
        statementLimit = options.statementLimit
        notices.listen(to: connection)
    }

    var socket: Int32 { PQsocket(connection) }

    func begin(_ mode: ServerTransactionMode) throws(SQLError) {
        switch mode {
        case .read:
            isWriting = false
            try execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        case .write:
            isWriting = true
            try execute("BEGIN")
        }
    }

    func rows(_ statement: SQLStatement) throws(SQLError) -> [SQLRow] {
        let result = try perform(statement)
        defer { PQclear(result) }
        return try read(result, statement.text)
    }

    func run(_ statement: SQLStatement) throws(SQLError) -> Int {
        let result = try perform(statement)
        defer { PQclear(result) }
        return Int(String(cString: PQcmdTuples(result))) ?? 0
    }

    func execute(_ text: String) throws(SQLError) {
        let result = PQexec(connection, text)
        defer { PQclear(result) }
        try check(result, text)
    }

    /// The connection is never asked to cancel a commit: with a synchronous stand-by that would answer success for a
    /// transaction that a failover loses, with nothing but a warning to tell it.
    func commit() throws(SQLError) {
        notices.sawWarning = false
        let result = PQexec(connection, "COMMIT")
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw failedCommit(result) }
        if notices.sawWarning {
            throw .outcomeUnknown("committed on the primary, and perhaps not on its stand-by: \(notices.lastWarning)")
        }
        // A transaction that the server had given up is "committed" by a rollback, and that is no error to it.
        if String(cString: PQcmdStatus(result)) == "ROLLBACK" {
            throw .conflict("the server rolled the transaction back")
        }
    }

    func rollback() {
        guard isAlive else { return }
        if (try? execute("ROLLBACK")) == nil { isAlive = false }
    }

    func close() {
        PQfinish(connection)
    }
}

extension PostgreSQLSession {
    /// A text may be prepared several times: a NULL has no type of its own, so its place is typed anew.
    private struct StatementKey: Hashable {
        let text: String
        let types: [Oid]
    }

    private func perform(_ statement: SQLStatement) throws(SQLError) -> OpaquePointer? {
        let parameters = PostgreSQLParameters(statement.values)
        let name = try prepared(statement.text, parameters.types)
        let formats = [Int32](repeating: 1, count: statement.values.count)
        let result = parameters.withPointers { pointers in
            PQexecPrepared(
                connection, name, Int32(statement.values.count), pointers, parameters.lengths, formats, 1)
        }
        do throws(SQLError) {
            try check(result, statement.text)
        } catch {
            PQclear(result)
            throw error
        }
        return result
    }

    private func prepared(_ text: String, _ types: [Oid]) throws(SQLError) -> String {
        let key = StatementKey(text: text, types: types)
        if let known = statements[key] { return known }
        if statements.count >= statementLimit {
            try execute("DEALLOCATE ALL")
            statements.removeAll()
        }
        nextStatement += 1
        let name = "s\(nextStatement)"
        let result = PQprepare(connection, name, try Self.numbered(text, count: types.count), Int32(types.count), types)
        defer { PQclear(result) }
        try check(result, text)
        statements[key] = name
        return name
    }

    /// `?` becomes `$1`, `$2` and so on; statements hold no other question mark.
    private static func numbered(_ text: String, count: Int) throws(SQLError) -> String {
        let parts = text.split(separator: "?", omittingEmptySubsequences: false)
        guard parts.count == count + 1 else {
            throw .invalid("placeholders and values differ in number in: \(text)")
        }
        var numbered = String(parts[0])
        for (index, part) in parts.dropFirst().enumerated() { numbered += "$\(index + 1)\(part)" }
        return numbered
    }

    private func read(_ result: OpaquePointer?, _ text: String) throws(SQLError) -> [SQLRow] {
        let (height, width) = (PQntuples(result), PQnfields(result))
        var rows: [SQLRow] = []
        rows.reserveCapacity(Int(height))
        for row in 0..<height {
            var values: [SQLValue] = []
            values.reserveCapacity(Int(width))
            for column in 0..<width { values.append(try value(result, row, column, text)) }
            rows.append(SQLRow(values))
        }
        return rows
    }

    private func value(
        _ result: OpaquePointer?, _ row: Int32, _ column: Int32, _ text: String
    ) throws(SQLError) -> SQLValue {
        if PQgetisnull(result, row, column) != 0 { return .null }
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
        guard let value = SQLValue(postgreSQL: PQftype(result, column), bytes) else {
            throw .invalid("column \(column) is neither a whole number, nor text, nor bytes in: \(text)")
        }
        return value
    }

    private func check(_ result: OpaquePointer?, _ text: String) throws(SQLError) {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
        default: throw failed(result, text)
        }
    }

    /// The error of a statement, noted.
    private func failed(_ result: OpaquePointer?, _ text: String) -> SQLError {
        let isLost = PQstatus(connection) != CONNECTION_OK
        let state = haven_pq_state(result).map { String(cString: $0) }
        let error = SQLError.postgreSQL(
            state ?? (isLost ? nil : "XX000"), "\(Self.message(of: connection)) in: \(text)")
        note(error, isLost: isLost)
        return error
    }

    /// An error of COMMIT on a living connection means that nothing was committed; without an answer nobody knows.
    private func failedCommit(_ result: OpaquePointer?) -> SQLError {
        let error = failed(result, "COMMIT")
        if case .outcomeUnknown = error {
            isAlive = false
            return error
        }
        return isAlive ? error : .outcomeUnknown(error.cause)
    }

    private func note(_ error: SQLError, isLost: Bool) {
        switch error {
        case .unreachable: (isAlive, hasLostHost) = (false, true)
        case .readOnly where isWriting: (isAlive, hasLostHost) = (false, true)
        case .conflict where error.cause.contains("(26000)") || error.cause.contains("(0A000)"): isAlive = false
        default: if isLost { (isAlive, hasLostHost) = (false, true) }
        }
    }
}

/// What a connection says besides its answers.
final class PostgreSQLNotices {
    var sawWarning = false
    var lastWarning = ""

    /// From now on warnings are noted here; the library would print them on standard error.
    ///
    /// The connection must not outlive this object.
    func listen(to connection: OpaquePointer) {
        PQsetNoticeReceiver(
            connection,
            { context, notice in
                // The context is the object passed below, which lives as long as the connection.
                guard let context, let severity = haven_pq_severity(notice), String(cString: severity) == "WARNING"
                else {
                    return
                }
                let notices = Unmanaged<PostgreSQLNotices>.fromOpaque(context).takeUnretainedValue()
                notices.sawWarning = true
                notices.lastWarning = String(cString: PQresultErrorMessage(notice))
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}
