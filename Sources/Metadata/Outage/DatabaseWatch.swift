// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import Synchronization

/// Keeps a database that is away from holding up those who can do without it.
///
/// Pulls wait for an answer no longer than a second, together, not each; after that nobody asks until a probe has written.
/// One for each node, shared by all copies of its ``MetadataStore``.
package final class DatabaseWatch: Sendable {
    /// How long a pull waits for the database before it is answered from what was last known.
    private let pullLimit: Duration
    /// How long a probe may take.
    private let probeLimit: Duration
    /// How long after it went away a push waits for the database; zero waits never.
    private let holdLimit: Duration
    private let state = Mutex(State())
    private let sleep: @Sendable (_ until: ContinuousClock.Instant) async throws -> Void
    private let onChange: @Sendable (DatabaseCondition.Mode) -> Void

    private struct State {
        var condition = DatabaseCondition()
        var outages = 0
        var probes = 0
        /// Since when it has not been normal.
        var troubleSince: ContinuousClock.Instant?
        /// How many wait for it.
        var held = 0
    }

    /// Probes that hang in the driver at most; more would only fill its queues.
    private static let probesAtMost = 4
    /// Pushes that wait for the database at most, each with its connection; the next are told to come back at once.
    private static let heldAtMost = 1_024
    /// How often those who wait look.
    private static let look = Duration.milliseconds(100)
    /// The pause before a read that failed at once is tried again: a lost connection is no outage.
    private static let pause = Duration.milliseconds(25)

    /// - Parameters:
    ///   - sleep: Waits until a moment; tests decide themselves when it is there.
    ///   - holdLimit: How long after it went away a push waits for the database.
    ///   - onChange: Told each new mode, after the change; for the log.
    package init(
        pullLimit: Duration = .seconds(1), probeLimit: Duration = .seconds(1), holdLimit: Duration = .zero,
        sleep: @escaping @Sendable (_ until: ContinuousClock.Instant) async throws -> Void = {
            try await Task.sleep(until: $0, clock: .continuous)
        },
        onChange: @escaping @Sendable (DatabaseCondition.Mode) -> Void = { _ in }
    ) {
        self.pullLimit = pullLimit
        self.probeLimit = probeLimit
        self.holdLimit = holdLimit
        self.sleep = sleep
        self.onChange = onChange
    }

    /// What the node believes now.
    package var mode: DatabaseCondition.Mode { state.withLock { $0.condition.mode } }

    /// How many outages there were since the start.
    package var outages: Int { state.withLock { $0.outages } }

    /// Takes in how the database behaved.
    package func note(_ event: DatabaseCondition.Event) {
        let changed = state.withLock { state -> DatabaseCondition.Mode? in
            guard state.condition.note(event) else { return nil }
            if state.condition.mode == .outage { state.outages += 1 }
            state.troubleSince = state.condition.mode == .normal ? nil : state.troubleSince ?? .now
            return state.condition.mode
        }
        if let changed { onChange(changed) }
    }

    /// Throws at once while the database is known to be away.
    func admit() throws {
        if mode == .outage { throw SQLError.outage }
    }

    /// How many wait for the database now.
    package var held: Int { state.withLock { $0.held } }

    /// Waits until the database takes writes again, as far as that makes sense: not for longer than the limit after it went
    /// away, and not with too many others.
    ///
    /// Clients such as skopeo and docker give a push up at the first 503, so a failover that is over in seconds is waited for.
    ///
    /// - Parameter start: When the caller first met that it was away; the watch may know of it later.
    /// - Returns: Whether to try again.
    package func hold(since start: ContinuousClock.Instant) async -> Bool {
        let isAdmitted = state.withLock { state in
            guard holdLimit > .zero, state.held < Self.heldAtMost else { return false }
            state.held += 1
            return true
        }
        guard isAdmitted else { return false }
        defer { state.withLock { $0.held -= 1 } }
        repeat {
            let since = state.withLock { $0.troubleSince } ?? start
            guard ContinuousClock.now - since < holdLimit, (try? await Task.sleep(for: Self.look)) != nil else {
                return false
            }
        } while mode != .normal
        return true
    }

    /// Runs work of a push, again when the database was away and has come back in time.
    ///
    /// - Parameter work: Safe to run twice after a failure that ``SQLError/isAbsence``.
    func holding<T: Sendable>(_ work: () async throws -> T) async throws -> T {
        let start = ContinuousClock.now
        while true {
            do {
                return try await work()
            } catch let error as SQLError where error.isAbsence {
                guard await hold(since: start) else { throw error }
            }
        }
    }

    /// Runs a read of a pull. What fails at once is tried again until the limit; then the database counts as away.
    ///
    /// - Throws: A ``SQLError`` that ``SQLError/isOutage`` when there was no answer; whatever else `work` throws.
    func pull<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) async throws -> T {
        let end = ContinuousClock.now + pullLimit
        while true {
            try admit()
            do {
                return try await answer(before: end, work)
            } catch let error as SQLError where error.isOutage {
                guard ContinuousClock.now + Self.pause < end else {
                    note(.deadlinePassed)
                    throw error
                }
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    /// Finds out whether the database takes writes, by one that is due anyway.
    ///
    /// - Throws: What `work` throws, or ``SQLError/timeout(_:)``.
    func probe(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let isAllowed = state.withLock { state in
            guard state.probes < Self.probesAtMost else { return false }
            state.probes += 1
            return true
        }
        guard isAllowed else { throw SQLError.timeout("earlier probes still wait for an answer") }
        do {
            try await answer(before: .now + probeLimit) { [self] in
                defer { state.withLock { $0.probes -= 1 } }
                try await work()
            }
            note(.probeWrote)
        } catch {
            if let event = DatabaseCondition.Event(failure: error as? SQLError ?? .unreachable("\(error)")) {
                note(event)
            }
            throw error
        }
    }

    /// The outcome of `work`, or ``SQLError/timeout(_:)`` when it has none by `end`. A driver that hangs cannot be waited
    /// for, so the work goes on by itself then, up to the driver's own deadline, and nobody looks at its outcome.
    private func answer<T: Sendable>(
        before end: ContinuousClock.Instant, _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { caller in
            let first = FirstOutcome(caller)
            // Ends with the limit at the latest.
            let timer = Task { [sleep] in
                try await sleep(end)
                first.settle(.failure(SQLError.timeout("no answer from the database in time")))
            }
            // Ends with the driver's deadline at the latest.
            Task {
                do {
                    first.settle(.success(try await work()))
                } catch {
                    first.settle(.failure(error))
                }
                timer.cancel()
            }
        }
    }
}

/// The first of two outcomes goes to the caller, the other nowhere.
private final class FirstOutcome<T: Sendable>: Sendable {
    private let caller: Mutex<CheckedContinuation<T, any Error>?>

    init(_ caller: CheckedContinuation<T, any Error>) {
        self.caller = Mutex(caller)
    }

    func settle(_ outcome: Result<T, any Error>) {
        let waiting = caller.withLock { caller in
            defer { caller = nil }
            return caller
        }
        waiting?.resume(with: outcome)
    }
}
