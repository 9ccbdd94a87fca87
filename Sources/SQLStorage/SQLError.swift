// SPDX-License-Identifier: Apache-2.0

/// What can go wrong with a database, sorted by what the caller should do. The text is the cause, for the log only.
package enum SQLError: Error, Sendable, Equatable {
    /// Another transaction was in the way and nothing happened: repeat the whole transaction.
    case conflict(String)
    /// A row with this unique key exists.
    case duplicate(String)
    /// A row is missing that this one refers to, or a row still refers to this one.
    case foreignKey(String)
    /// The database does not take writes here or now.
    case readOnly(String)
    /// There is no database to talk to; nothing happened.
    case unreachable(String)
    /// The commit may or may not have happened.
    case outcomeUnknown(String)
    /// The disk, or the database's own limit, is full; nothing happened.
    case full(String)
    /// The deadline passed; nothing happened.
    case timeout(String)
    /// Too many are waiting already; nothing happened.
    case overloaded(String)
    /// The statement, the schema or the file is wrong: a bug, or damage. Repeating does not help.
    case invalid(String)

    /// The cause in words, for the log.
    package var cause: String {
        switch self {
        case .conflict(let text), .duplicate(let text), .foreignKey(let text), .readOnly(let text), .full(let text),
            .unreachable(let text), .outcomeUnknown(let text), .timeout(let text), .overloaded(let text),
            .invalid(let text):
            text
        }
    }
}
