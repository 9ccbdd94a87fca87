// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB
import Synchronization

/// Moves pages from the log to the database file on its own connection and thread, so that no commit waits for it.
final class SQLiteCheckpointer: Sendable {
    private let signal = DispatchSemaphore(value: 0)
    private let isWanted = Atomic<Bool>(false)
    private let turn = Mutex<Void>(())
    private let isClosed = Atomic<Bool>(false)

    /// Asks for a checkpoint soon. Cheap, may be called as often as one likes.
    func wake() {
        if !isWanted.exchange(true, ordering: .acquiringAndReleasing) { signal.signal() }
    }

    /// Lets ``run(_:)`` return.
    func close() {
        isClosed.store(true, ordering: .releasing)
        signal.signal()
    }

    /// Works until it is closed.
    func run(_ database: Database) throws(SQLError) {
        let connection = try SQLiteConnection(database)
        while true {
            signal.wait()
            if isClosed.load(ordering: .acquiring) { return }
            isWanted.store(false, ordering: .releasing)
            checkpoint(connection)
        }
    }

    /// Moves pages now, with `connection`, after the checkpoint that is under way: SQLite refuses a second one at once.
    ///
    /// A failure changes nothing but the length of the log; the commits that follow ask again.
    func checkpoint(_ connection: SQLiteConnection) {
        turn.withLock { _ in _ = try? connection.checkpoint() }
    }
}
