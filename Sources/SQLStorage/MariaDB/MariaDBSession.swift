// SPDX-License-Identifier: Apache-2.0

import CMariaDB

/// A connection to MariaDB and its prepared statements.
final class MariaDBSession: ServerSession {
    let handle: UnsafeMutablePointer<MYSQL>
    private let barrier: GaleraBarrier
    private let limit: Duration
    private let statementLimit: Int
    private var isGalera = false
    private var statements: [String: UnsafeMutablePointer<MYSQL_STMT>] = [:]
    private var isWriting = false
    private(set) var isAlive = true
    private(set) var hasLostHost = false

    init(
        _ server: DatabaseServer, _ host: DatabaseServer.Host, _ lane: SQLLane, _ options: DatabaseServerOptions,
        barrier: GaleraBarrier
    ) throws(SQLError) {
        handle = try Self.connect(server, host, lane, options)
        self.barrier = barrier
        limit = options.transactionLimit(of: lane)
        statementLimit = options.statementLimit
        do throws(SQLError) {
            isGalera = try prepareSession(lane, options)
        } catch {
            close()
            throw error
        }
    }

    /// Nodes of a cluster are equal, and one that was left behind serves nothing.
    var timeline: Int { 0 }

    var socket: Int32 { Int32(truncatingIfNeeded: mysql_get_socket(handle)) }

    /// On Galera a node may be behind what another has answered. A write begins when this one has caught up, for its
    /// compare-and-sets believe that no row means no row; reads share one wait.
    func begin(_ mode: ServerTransactionMode) throws(SQLError) {
        switch mode {
        case .read:
            isWriting = false
            if isGalera { try barrier.pass(within: limit) { () throws(SQLError) in try catchUp("SELECT 1") } }
            try execute("START TRANSACTION READ ONLY")
        case .write:
            isWriting = true
            let isolation = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "
            if isGalera {
                try catchUp("START TRANSACTION", after: isolation)
            } else {
                try execute("\(isolation)START TRANSACTION")
            }
        }
    }

    /// Waits until this node has applied what the cluster has committed, and runs `text`. A node that cannot, in the time a
    /// lock may take, is left for another.
    private func catchUp(_ text: String, after prologue: String = "") throws(SQLError) {
        do throws(SQLError) {
            try execute("\(prologue)SET STATEMENT wsrep_sync_wait = 1 FOR \(text)")
        } catch {
            guard case .conflict(let cause) = error else { throw error }
            (isAlive, hasLostHost) = (false, true)
            throw .unreachable("the node does not catch up with its cluster: \(cause)")
        }
    }

    func rows(_ statement: SQLStatement) throws(SQLError) -> [SQLRow] {
        let prepared = try perform(statement)
        defer { mysql_stmt_free_result(prepared) }
        return try read(prepared, statement.text)
    }

    func run(_ statement: SQLStatement) throws(SQLError) -> Int {
        let prepared = try perform(statement)
        defer { mysql_stmt_free_result(prepared) }
        let count = mysql_stmt_affected_rows(prepared)
        return count == .max ? 0 : Int(count)
    }

    /// Runs a text of this driver, several statements with semicolons between included.
    func execute(_ text: String) throws(SQLError) {
        try send(text)
        while true {
            if let result = mysql_store_result(handle) {
                mysql_free_result(result)
            } else if mysql_errno(handle) != 0 {
                throw failed(text)
            }
            let next = mysql_next_result(handle)
            if next < 0 { return }
            if next > 0 { throw failed(text) }
        }
    }

    func commit() throws(SQLError) {
        do throws(SQLError) {
            try execute("COMMIT")
        } catch {
            // A conflict is told by the node that certified: nothing was committed. Of any other error nobody can say.
            if case .conflict = error, isAlive { throw error }
            isAlive = false
            throw .outcomeUnknown(error.cause)
        }
    }

    func rollback() {
        guard isAlive else { return }
        if (try? execute("ROLLBACK")) == nil { isAlive = false }
    }

    func close() {
        removeStatements()
        mysql_close(handle)
        mysql_thread_end()
    }

    func send(_ text: String) throws(SQLError) {
        var text = text
        let code = text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { mysql_real_query(handle, $0.baseAddress, UInt($0.count)) }
        }
        guard code == 0 else { throw failed(text) }
    }

    /// The error of the last call on the connection, noted.
    func failed(_ text: String) -> SQLError {
        noted(mysql_errno(handle), String(cString: mysql_error(handle)), text)
    }
}

extension MariaDBSession {
    private func perform(_ statement: SQLStatement) throws(SQLError) -> UnsafeMutablePointer<MYSQL_STMT> {
        let prepared = try prepared(statement.text)
        guard mysql_stmt_param_count(prepared) == UInt(statement.values.count) else {
            throw .invalid("placeholders and values differ in number in: \(statement.text)")
        }
        let bindings = MariaDBBindings(values: statement.values)
        let isDone = withExtendedLifetime(bindings) {
            mysql_stmt_bind_param(prepared, bindings.binds) == 0 && mysql_stmt_execute(prepared) == 0
                && mysql_stmt_store_result(prepared) == 0
        }
        guard isDone else {
            let error = failed(prepared, statement.text)
            mysql_stmt_free_result(prepared)
            throw error
        }
        return prepared
    }

    private func prepared(_ text: String) throws(SQLError) -> UnsafeMutablePointer<MYSQL_STMT> {
        if let known = statements[text] { return known }
        if statements.count >= statementLimit { removeStatements() }
        guard let made = mysql_stmt_init(handle) else { throw .overloaded("no memory for a statement") }
        var copy = text
        let code = copy.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { mysql_stmt_prepare(made, $0.baseAddress, UInt($0.count)) }
        }
        guard code == 0 else {
            let error = failed(made, text)
            mysql_stmt_close(made)
            // The server has a limit over all connections: give back what this one holds.
            if case .overloaded = error { removeStatements() }
            throw error
        }
        statements[text] = made
        return made
    }

    private func removeStatements() {
        for statement in statements.values { mysql_stmt_close(statement) }
        statements.removeAll()
    }

    private func read(_ prepared: UnsafeMutablePointer<MYSQL_STMT>, _ text: String) throws(SQLError) -> [SQLRow] {
        let columns = columns(of: prepared)
        guard !columns.isEmpty else { return [] }
        guard !columns.contains(.other) else {
            throw .invalid("a column is neither a whole number, nor text, nor bytes in: \(text)")
        }
        let bindings = MariaDBBindings(columns: columns)
        return try withExtendedLifetime(bindings) { () throws(SQLError) in
            guard mysql_stmt_bind_result(prepared, bindings.binds) == 0 else { throw failed(prepared, text) }
            var rows: [SQLRow] = []
            while true {
                switch mysql_stmt_fetch(prepared) {
                // 101: a text or bytes did not fit; they are fetched by their length.
                case 0, 101: rows.append(try row(prepared, columns, bindings, text))
                case 100: return rows
                default: throw failed(prepared, text)
                }
            }
        }
    }

    private func columns(of prepared: UnsafeMutablePointer<MYSQL_STMT>) -> [MariaDBColumn] {
        guard let metadata = mysql_stmt_result_metadata(prepared) else { return [] }
        defer { mysql_free_result(metadata) }
        guard let fields = mysql_fetch_fields(metadata) else { return [] }
        return (0..<Int(mysql_num_fields(metadata))).map { MariaDBColumn(fields[$0]) }
    }

    private func row(
        _ prepared: UnsafeMutablePointer<MYSQL_STMT>, _ columns: [MariaDBColumn], _ bindings: MariaDBBindings,
        _ text: String
    ) throws(SQLError) -> SQLRow {
        var values: [SQLValue] = []
        values.reserveCapacity(columns.count)
        for (index, column) in columns.enumerated() {
            if bindings.isNull(index) {
                values.append(.null)
            } else if column == .number {
                values.append(.integer(bindings.number(index)))
            } else {
                values.append(try value(prepared, index, column, length: bindings.length(index), text))
            }
        }
        return SQLRow(values)
    }

    private func value(
        _ prepared: UnsafeMutablePointer<MYSQL_STMT>, _ index: Int, _ column: MariaDBColumn, length: Int,
        _ text: String
    ) throws(SQLError) -> SQLValue {
        var bytes = [UInt8](repeating: 0, count: length)
        if length > 0 {
            var fetched: UInt = 0
            let code = bytes.withUnsafeMutableBytes { buffer in
                var bind = MYSQL_BIND()
                bind.buffer_type = column == .bytes ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING
                bind.buffer = buffer.baseAddress
                bind.buffer_length = UInt(buffer.count)
                return withUnsafeMutablePointer(to: &fetched) { pointer in
                    bind.length = pointer
                    return mysql_stmt_fetch_column(prepared, &bind, UInt32(index), 0)
                }
            }
            guard code == 0 else { throw failed(prepared, text) }
        }
        guard column != .bytes else { return .blob(bytes) }
        let string = String(decoding: bytes, as: UTF8.self)
        guard column == .decimal else { return .text(string) }
        guard let number = Int64(string) else { throw .invalid("column \(index) is no whole number in: \(text)") }
        return .integer(number)
    }

    private func failed(_ prepared: UnsafeMutablePointer<MYSQL_STMT>, _ text: String) -> SQLError {
        noted(mysql_stmt_errno(prepared), String(cString: mysql_stmt_error(prepared)), text)
    }

    private func noted(_ code: UInt32, _ message: String, _ text: String) -> SQLError {
        let error = SQLError.mariaDB(code, "\(message) in: \(text)")
        switch error {
        case .unreachable:
            isAlive = false
            // A connection that was killed says nothing about its host.
            hasLostHost = code != 1927
        case .readOnly where isWriting:
            (isAlive, hasLostHost) = (false, true)
        // The library has forgotten a statement, or lost count of the answers.
        case .conflict where code == 1243: isAlive = false
        case .invalid where code >= 2000: isAlive = false
        default: break
        }
        return error
    }
}
