// SPDX-License-Identifier: Apache-2.0
package import SQLStorage
import Synchronization

/// A database that a test takes away and gives back: it refuses, or it hangs as a stopped server does.
package final class FaultyDatabase: SQLDatabase {
    /// What happens to a transaction.
    package enum Behaviour: Sendable, Equatable {
        case works
        /// Everything fails at once.
        case refuses(SQLError)
        /// Reads work, writes are refused.
        case readOnly
        /// Nothing is answered until the behaviour changes; then it fails, as a connection that breaks.
        case hangs
    }

    private struct State {
        var behaviour = Behaviour.works
        var hanging: [CheckedContinuation<Void, Never>] = []
        var timers: [AsyncStream<Void>.Continuation] = []
        var asked = 0
    }

    private let inner: any SQLDatabase
    private let state = Mutex(State())

    package init(_ inner: any SQLDatabase) { self.inner = inner }

    package var dialect: SQLDialect { inner.dialect }

    /// How many transactions were begun.
    package var asked: Int { state.withLock { $0.asked } }

    /// Changes the behaviour; what hangs fails now.
    package func become(_ behaviour: Behaviour) {
        let (hanging, timers) = state.withLock { state in
            state.behaviour = behaviour
            let ending = behaviour == .hangs ? state.timers : []
            if behaviour == .hangs { state.timers = [] }
            defer { state.hanging = [] }
            return (state.hanging, ending)
        }
        for transaction in hanging { transaction.resume() }
        for timer in timers { timer.finish() }
    }

    /// A clock for those who wait for this database: every moment is there at once while it hangs, and never before. So
    /// no test depends on how fast the machine is.
    package func sleep(until _: ContinuousClock.Instant) async throws {
        let (end, timer) = AsyncStream.makeStream(of: Void.self)
        let isNow = state.withLock { state in
            if state.behaviour != .hangs { state.timers.append(timer) }
            return state.behaviour == .hangs
        }
        if isNow { return }
        for await _ in end {}
        try Task.checkCancellation()
    }

    package func read<T: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
        try await meetFault(isWrite: false)
        return try await inner.read(lane, body)
    }

    @discardableResult
    package func write<T: Sendable>(
        _ lane: SQLLane, _ durability: SQLDurability, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
        try await meetFault(isWrite: true)
        return try await inner.write(lane, durability, body)
    }

    /// Never: as a database on another machine, it must be asked.
    package func changeStamp() -> UInt64? { nil }

    package func close() async {
        become(.refuses(.unreachable("closed")))
        await inner.close()
    }

    private func meetFault(isWrite: Bool) async throws {
        let behaviour = state.withLock { state in
            state.asked += 1
            return state.behaviour
        }
        switch behaviour {
        case .works: return
        case .refuses(let error): throw error
        case .readOnly:
            if isWrite { throw SQLError.readOnly("told so by a test") }
        case .hangs:
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.behaviour == .hangs else { return true }
                    state.hanging.append(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
            throw SQLError.unreachable("the connection broke")
        }
    }
}
