// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

#if canImport(Glibc)
    import Glibc
#endif

extension SQLError {
    /// The error that `connection` reports for its last call.
    static func of(_ connection: OpaquePointer, running text: String) -> SQLError {
        let code = sqlite3_extended_errcode(connection)
        let message = String(cString: sqlite3_errmsg(connection))
        return of(code: code, system: sqlite3_system_errno(connection), "\(message) (\(code)) in: \(text)")
    }

    /// An error that GRDB reported while it opened or copied a file.
    static func of(_ error: any Error) -> SQLError {
        switch error {
        case let error as SQLError: error
        case let error as DatabaseError: of(code: error.extendedResultCode.rawValue, system: 0, error.description)
        default: .invalid("\(error)")
        }
    }

    /// Sorts an extended result code; see "Result and Error Codes" in SQLite's documentation.
    private static func of(code: CInt, system: CInt, _ cause: String) -> SQLError {
        if system == ENOSPC || system == EDQUOT { return .full(cause) }
        switch code {
        case SQLITE_CONSTRAINT | 8 << 8, SQLITE_CONSTRAINT | 6 << 8, SQLITE_CONSTRAINT | 10 << 8:
            return .duplicate(cause)  // UNIQUE, PRIMARYKEY, ROWID
        case SQLITE_CONSTRAINT | 3 << 8: return .foreignKey(cause)
        case SQLITE_IOERR | 19 << 8: return .full(cause)  // the shared memory file could not grow
        default: break
        }
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: return .conflict(cause)
        case SQLITE_FULL: return .full(cause)
        case SQLITE_READONLY: return .readOnly(cause)
        case SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_PROTOCOL: return .unreachable(cause)
        case SQLITE_INTERRUPT: return .timeout(cause)
        case SQLITE_NOMEM: return .overloaded(cause)
        default: return .invalid(cause)
        }
    }
}
