// SPDX-License-Identifier: Apache-2.0

/// A thread's connection, and how it runs transactions: opened when first needed, opened anew when it is lost.
///
/// Used by the one thread that made it.
final class ServerWorker {
    let fuse = SessionFuse()
    private let dialect: SQLDialect
    private let hosts: HostChoice
    private let limit: Duration
    private let connect: @Sendable (DatabaseServer.Host) throws(SQLError) -> any ServerSession
    private var session: (any ServerSession)?
    private var generation = -1

    init(
        _ dialect: SQLDialect, _ hosts: HostChoice, limit: Duration,
        connect: @escaping @Sendable (DatabaseServer.Host) throws(SQLError) -> any ServerSession
    ) {
        self.dialect = dialect
        self.hosts = hosts
        self.limit = limit
        self.connect = connect
    }

    /// Runs `body` in a transaction and gives its outcome to `answer`, once.
    func run<T>(
        _ mode: ServerTransactionMode, _ body: (any SQLTransaction) throws -> T,
        answer: (Result<T, any Error>) -> Void
    ) {
        do {
            let session = try begin(mode)
            let value: T
            do {
                let transaction = ServerTransaction(session, dialect)
                value = try body(transaction)
                try transaction.end()
            } catch {
                let isBlown = fuse.disarm()
                answer(.failure(isBlown ? Self.tooLong(error) : error))
                if isBlown { hosts.lost(generation) }
                return finish(session, rollingBack: true)
            }
            if case .read = mode {
                // What was read is true whatever becomes of the connection now.
                fuse.disarm()
                answer(.success(value))
                return finish(session, rollingBack: true)
            }
            let outcome = Result { () throws(SQLError) in try session.commit() }
            fuse.disarm()
            answer(outcome.map { value }.mapError { $0 })
            finish(session, rollingBack: false)
        } catch {
            let isBlown = fuse.disarm()
            answer(.failure(isBlown ? Self.tooLong(error) : error))
            if isBlown || session?.hasLostHost == true { hosts.lost(generation) }
            discard()
        }
    }

    func close() {
        discard()
    }

    /// A begun transaction. A connection that was lost while nobody used it is replaced: nothing has happened on it.
    private func begin(_ mode: ServerTransactionMode) throws(SQLError) -> any ServerSession {
        if let session, session.isAlive, generation == hosts.generation {
            do throws(SQLError) {
                fuse.arm(session.socket, generation, until: .now + limit)
                try session.begin(mode)
                return session
            } catch {
                if fuse.disarm() { throw .timeout("the database did not answer in time: \(error.cause)") }
                if session.hasLostHost { hosts.lost(generation) }
            }
        }
        discard()
        let (fresh, generation) = try hosts.open(connect)
        (session, self.generation) = (fresh, generation)
        fuse.arm(fresh.socket, generation, until: .now + limit)
        try fresh.begin(mode)
        return fresh
    }

    private func finish(_ session: any ServerSession, rollingBack: Bool) {
        if rollingBack, session.isAlive {
            fuse.arm(session.socket, generation, until: .now + limit)
            session.rollback()
            fuse.disarm()
        }
        if session.hasLostHost { hosts.lost(generation) }
        if !session.isAlive { discard() }
    }

    private func discard() {
        session?.close()
        session = nil
    }

    /// The error of a transaction whose connection was cut here, before its commit was sent.
    private static func tooLong(_ error: any Error) -> any Error {
        guard let error = error as? SQLError, case .unreachable = error else { return error }
        return SQLError.timeout("the transaction took too long: \(error.cause)")
    }
}
