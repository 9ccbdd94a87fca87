// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import Synchronization

/// What to do about a commit whose answer was lost.
package enum Settlement: Sendable {
    /// Tell the caller that nobody knows.
    case surfaces
    /// Look whether it happened, in a new transaction: by the operation's id in the outbox, or by the state it leads to. If
    /// not, run the body again; a commit that lands late all the same must then make the body see it, or fail on a key.
    case by(@Sendable (MetadataTransaction) throws -> Bool)
}

/// One write, over all its attempts.
final class SettledWrite<Value: Sendable>: Sendable {
    private struct State {
        /// What the body returned last.
        var value: Value?
        /// The cause of a lost answer that nobody has looked into yet.
        var open: String?
        /// Whether an answer was ever lost: the commit may still land.
        var wasLost = false
    }

    private let database: any SQLDatabase
    private let lane: SQLLane
    private let durability: SQLDurability
    private let slot: Int64
    private let settlement: Settlement
    private let body: @Sendable (MetadataTransaction) throws -> Value
    private let state = Mutex(State())

    init(
        database: any SQLDatabase, lane: SQLLane, durability: SQLDurability, slot: Int64, settlement: Settlement,
        body: @escaping @Sendable (MetadataTransaction) throws -> Value
    ) {
        self.database = database
        self.lane = lane
        self.durability = durability
        self.slot = slot
        self.settlement = settlement
        self.body = body
    }

    /// Runs the body once and commits, after finding out what became of the attempt before.
    ///
    /// - Throws: ``SQLError/conflict(_:)`` to be called again; everything else ends the write.
    func attempt() async throws -> Value {
        guard case .by(let isDone) = settlement else { return try await run() }
        if state.withLock({ $0.open != nil }), let value = try await settled(isDone) { return value }
        do {
            return try await run()
        } catch SQLError.outcomeUnknown(let cause) {
            state.withLock { ($0.open, $0.wasLost) = (cause, true) }
            throw SQLError.conflict("the answer to a commit was lost: \(cause)")
        } catch  where state.withLock({ $0.wasLost }) && !Self.isTransient(error) {
            // The body may have been refused by its own first attempt, which landed late.
            if let value = try await settled(isDone) { return value }
            throw error
        }
    }

    /// The error that the caller gets: while an answer is open, nobody may say that nothing happened.
    func final(_ error: any Error) -> any Error {
        guard let cause = state.withLock({ $0.open }) else { return error }
        return SQLError.outcomeUnknown(cause)
    }

    private func run() async throws -> Value {
        try await database.write(lane, durability) { [self] transaction in
            let value = try body(MetadataTransaction(sql: transaction, slot: slot))
            state.withLock { $0.value = value }
            return value
        }
    }

    private func settled(_ isDone: @escaping @Sendable (MetadataTransaction) throws -> Bool) async throws -> Value? {
        let happened = try await database.read(lane) { try isDone(MetadataTransaction(sql: $0)) }
        return state.withLock { state in
            state.open = nil
            return happened ? state.value : nil
        }
    }

    private static func isTransient(_ error: any Error) -> Bool {
        switch error {
        case SQLError.conflict, SQLError.unreachable, SQLError.readOnly, MetadataError.raced: true
        default: false
        }
    }
}
