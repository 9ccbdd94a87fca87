// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// One connection's prepared statements, and the calls that run them.
///
/// GRDB opens, configures and closes the connection; statements are stepped here directly, because a point read through
/// its rows costs several times as much. Used by the one thread that owns the connection.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// More distinct texts than the program has; lists of varying length could otherwise grow it without bound.
    private static let statementLimit = 512

    init(_ database: Database) throws(SQLError) {
        guard let handle = database.sqliteConnection else { throw .unreachable("the connection is closed") }
        self.handle = handle
    }

    deinit {
        removeStatements()
    }

    /// Whether `BEGIN` was answered and neither commit nor rollback has happened since, by us or by SQLite itself.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Runs a query and copies its rows.
    func rows(_ statement: SQLStatement) throws(SQLError) -> [SQLRow] {
        let prepared = try prepare(statement)
        defer { recycle(prepared) }
        let width = sqlite3_column_count(prepared)
        var rows: [SQLRow] = []
        while true {
            switch sqlite3_step(prepared) {
            case SQLITE_ROW: rows.append(try row(prepared, width, statement.text))
            case SQLITE_DONE: return rows
            default: throw .of(handle, running: statement.text)
            }
        }
    }

    /// Runs a statement to its end.
    ///
    /// - Returns: The number of rows it changed.
    @discardableResult
    func run(_ statement: SQLStatement) throws(SQLError) -> Int {
        let prepared = try prepare(statement)
        defer { recycle(prepared) }
        let before = sqlite3_total_changes64(handle)
        while true {
            switch sqlite3_step(prepared) {
            case SQLITE_ROW: continue
            case SQLITE_DONE: return Int(sqlite3_total_changes64(handle) - before)
            default: throw .of(handle, running: statement.text)
            }
        }
    }

    /// Compiles and runs `text` once; for pragmas, which take effect when they are compiled.
    func execute(_ text: String) throws(SQLError) {
        guard sqlite3_exec(handle, text, nil, nil, nil) == SQLITE_OK else { throw .of(handle, running: text) }
    }

    /// Moves committed pages from the log to the database file as far as no reader is in the way; waits for nobody.
    func checkpoint() throws(SQLError) {
        guard sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil) == SQLITE_OK else {
            throw .of(handle, running: "checkpoint")
        }
    }

    /// Calls `counter` after each commit with the number of pages in the log, instead of checkpointing in the commit.
    ///
    /// - Parameter counter: Must outlive the connection.
    func countPages(with counter: SQLitePageCounter) {
        sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                // The context is the counter passed below, which outlives the connection.
                if let context {
                    Unmanaged<SQLitePageCounter>.fromOpaque(context).takeUnretainedValue().pages = Int(pages)
                }
                return SQLITE_OK
            }, Unmanaged.passUnretained(counter).toOpaque())
    }

    /// Forgets all prepared statements; the connection must not be closed before.
    func removeStatements() {
        for statement in statements.values { sqlite3_finalize(statement) }
        statements.removeAll()
    }
}

/// The number of pages in the log after the last commit; touched by the writer's thread only.
final class SQLitePageCounter {
    var pages = 0
}

extension SQLiteConnection {
    private func prepare(_ statement: SQLStatement) throws(SQLError) -> OpaquePointer {
        let prepared = try prepared(statement.text)
        guard sqlite3_bind_parameter_count(prepared) == statement.values.count else {
            throw .invalid("placeholders and values differ in number in: \(statement.text)")
        }
        for (index, value) in statement.values.enumerated() {
            guard bind(value, to: prepared, at: CInt(index + 1)) == SQLITE_OK else {
                throw .of(handle, running: statement.text)
            }
        }
        return prepared
    }

    private func prepared(_ text: String) throws(SQLError) -> OpaquePointer {
        if let known = statements[text] { return known }
        if statements.count >= Self.statementLimit { removeStatements() }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, text, -1, CUnsignedInt(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK else { throw .of(handle, running: text) }
        guard let prepared else { throw .invalid("an empty statement") }
        statements[text] = prepared
        return prepared
    }

    /// Makes the statement ready for its next use; it keeps neither locks nor bound values.
    private func recycle(_ prepared: OpaquePointer) {
        sqlite3_reset(prepared)
        sqlite3_clear_bindings(prepared)
    }

    private func bind(_ value: SQLValue, to prepared: OpaquePointer, at index: CInt) -> CInt {
        switch value {
        case .null:
            return sqlite3_bind_null(prepared, index)
        case .integer(let number):
            return sqlite3_bind_int64(prepared, index, number)
        case .text(var text):
            return text.withUTF8 { utf8 in
                utf8.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text64(
                        prepared, index, $0.baseAddress, UInt64($0.count), Self.transient, UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes):
            // An empty array may have no address, and a blob without address would be NULL.
            if bytes.isEmpty { return sqlite3_bind_zeroblob(prepared, index, 0) }
            return bytes.withUnsafeBytes {
                sqlite3_bind_blob64(prepared, index, $0.baseAddress, UInt64($0.count), Self.transient)
            }
        }
    }

    /// SQLite's `SQLITE_TRANSIENT`, a macro with a cast: it copies the value before the call returns.
    private static var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func row(_ prepared: OpaquePointer, _ width: CInt, _ text: String) throws(SQLError) -> SQLRow {
        var values: [SQLValue] = []
        values.reserveCapacity(Int(width))
        for index in 0..<width {
            values.append(try column(prepared, index, text))
        }
        return SQLRow(values)
    }

    private func column(_ prepared: OpaquePointer, _ index: CInt, _ text: String) throws(SQLError) -> SQLValue {
        switch sqlite3_column_type(prepared, index) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(prepared, index))
        case SQLITE_TEXT:
            let start = sqlite3_column_text(prepared, index)
            let count = Int(sqlite3_column_bytes(prepared, index))
            return .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(prepared, index)
            let count = Int(sqlite3_column_bytes(prepared, index))
            return .blob([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
        case SQLITE_NULL: return .null
        default: throw .invalid("column \(index) is a floating-point number in: \(text)")
        }
    }
}
