// SPDX-License-Identifier: Apache-2.0

/// One transaction that waits for a thread, without its result type.
///
/// `@unchecked Sendable`: a piece of work is touched by one thread at a time. Its submitter hands it to a ``SQLiteQueue``
/// and lets go; the queue's lock hands it to one worker, or to the watchdog when it waited too long.
class SQLiteWork: @unchecked Sendable {
    let lane: SQLLane
    let durability: SQLDurability
    /// Past this moment it must not start any more.
    let deadline: ContinuousClock.Instant

    fileprivate init(lane: SQLLane, durability: SQLDurability, deadline: ContinuousClock.Instant) {
        self.lane = lane
        self.durability = durability
        self.deadline = deadline
    }

    /// Runs the body and keeps its result. Throws what the body throws. May run more than once.
    func perform(_ transaction: SQLiteTransaction) throws {
        fatalError("only SQLiteRequest is ever made")
    }

    /// Answers the caller with the result of the last ``perform(_:)``.
    func succeed() {
        fatalError("only SQLiteRequest is ever made")
    }

    /// Answers the caller with `error`.
    func fail(_ error: any Error) {
        fatalError("only SQLiteRequest is ever made")
    }
}

/// One transaction that waits for a thread, with its body and the caller to answer. Answered exactly once.
final class SQLiteRequest<T: Sendable>: SQLiteWork, @unchecked Sendable {
    private let body: @Sendable (any SQLTransaction) throws -> T
    private let caller: CheckedContinuation<T, any Error>
    private var result: T?

    init(
        lane: SQLLane, durability: SQLDurability, deadline: ContinuousClock.Instant,
        caller: CheckedContinuation<T, any Error>, body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) {
        self.body = body
        self.caller = caller
        super.init(lane: lane, durability: durability, deadline: deadline)
    }

    override func perform(_ transaction: SQLiteTransaction) throws {
        result = try body(transaction)
    }

    override func succeed() {
        guard let result else { return caller.resume(throwing: SQLError.invalid("answered before it ran")) }
        caller.resume(returning: result)
    }

    override func fail(_ error: any Error) {
        caller.resume(throwing: error)
    }
}
