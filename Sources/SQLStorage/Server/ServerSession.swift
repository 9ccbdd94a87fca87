// SPDX-License-Identifier: Apache-2.0

/// What a transaction on a server may do.
enum ServerTransactionMode: Sendable {
    /// Reads of one state, which includes every write that was answered before.
    case read
    /// Durable in full, whatever is asked for: see ``SQLDurability/relaxed``.
    case write
}

/// One connection to a database server. It blocks, and is used by one thread.
///
/// Its errors say what happened to the transaction under way, by ``SQLError``'s cases; after one that ends the connection
/// ``isAlive`` is false.
protocol ServerSession: AnyObject {
    /// Whether another transaction may begin on it.
    var isAlive: Bool { get }
    /// Whether an error showed that its host does not serve writes any more.
    var hasLostHost: Bool { get }
    /// How often stand-bys were promoted in the host's history: of two hosts that take writes, the one with the lower number
    /// is a primary that was left behind. 0 where servers do not count it.
    var timeline: Int { get }
    /// The socket, for ``SessionFuse``.
    var socket: Int32 { get }

    func begin(_ mode: ServerTransactionMode) throws(SQLError)
    func rows(_ statement: SQLStatement) throws(SQLError) -> [SQLRow]
    func run(_ statement: SQLStatement) throws(SQLError) -> Int
    /// Runs a statement without values and without result, such as `SAVEPOINT`.
    func execute(_ text: String) throws(SQLError)
    /// Commits. ``SQLError/outcomeUnknown(_:)`` when nobody can say; after every other error nothing was committed.
    func commit() throws(SQLError)
    /// Undoes everything since ``begin(_:)``; a session that cannot is not alive any more.
    func rollback()
    func close()
}

extension SQLError {
    /// Whether the transaction can go on from the last savepoint: the statement was refused, and nothing else happened.
    var isLocal: Bool {
        switch self {
        case .duplicate, .foreignKey, .invalid: true
        default: false
        }
    }
}
