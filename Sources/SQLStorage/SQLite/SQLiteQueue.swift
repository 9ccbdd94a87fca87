// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What waits for the threads of one kind, in lanes that are limited apart.
///
/// `@unchecked Sendable`: all state is touched under `condition`'s lock only.
final class SQLiteQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private let waitingLimit: Int
    /// How many pieces of each lane may run at once.
    private let runningLimits: [Int]
    private var lanes: [FIFO<SQLiteWork>]
    private var running: [Int]
    private var turns = 0
    private var isClosed = false

    /// - Parameters:
    ///   - waitingLimit: How many may wait in one lane.
    ///   - runningLimits: How many of each lane may run at once, in the lanes' order.
    init(waitingLimit: Int, runningLimits: [Int]) {
        self.waitingLimit = waitingLimit
        self.runningLimits = runningLimits
        lanes = SQLLane.allCases.map { _ in FIFO() }
        running = SQLLane.allCases.map { _ in 0 }
    }

    /// Lets `work` wait; or fails it at once when its lane is full or the queue is closed.
    func submit(_ work: SQLiteWork) {
        condition.lock()
        let refusal: SQLError? =
            if isClosed {
                .unreachable("the database is closed")
            } else if lanes[work.lane.rawValue].count >= waitingLimit {
                .overloaded("\(waitingLimit) transactions wait in the \(work.lane) lane")
            } else {
                nil
            }
        if refusal == nil {
            lanes[work.lane.rawValue].append(work)
            condition.signal()
        }
        condition.unlock()
        if let refusal { work.fail(refusal) }
    }

    /// Waits for work. The caller says ``finished(_:)`` for each piece, or gives it back.
    ///
    /// - Parameter limit: The most pieces wanted; more than one only for a single taker.
    /// - Returns: At least one piece, or nil when the queue is closed and empty.
    func take(upTo limit: Int) -> [SQLiteWork]? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            let taken = pick(upTo: limit)
            if !taken.isEmpty { return taken }
            if isClosed && lanes.allSatisfy(\.isEmpty) {
                condition.broadcast()
                return nil
            }
            condition.wait()
        }
    }

    /// Adds what came meanwhile, without waiting.
    func takeMore(upTo limit: Int) -> [SQLiteWork] {
        condition.lock()
        defer { condition.unlock() }
        return pick(upTo: limit)
    }

    /// Says that a piece taken before does not run any more.
    func finished(_ work: SQLiteWork) {
        condition.lock()
        running[work.lane.rawValue] -= 1
        // A closing queue may have takers that wait for this lane's place.
        if isClosed { condition.broadcast() }
        condition.unlock()
    }

    /// Gives pieces back, to the head of their lanes and in their order.
    func giveBack(_ works: [SQLiteWork]) {
        condition.lock()
        for work in works.reversed() {
            running[work.lane.rawValue] -= 1
            lanes[work.lane.rawValue].prepend(work)
        }
        condition.signal()
        condition.unlock()
    }

    /// Fails everything that has waited past its deadline.
    func expire(now: ContinuousClock.Instant) {
        condition.lock()
        var expired: [SQLiteWork] = []
        for lane in lanes.indices {
            expired += lanes[lane].removeAll { $0.deadline <= now }
        }
        condition.unlock()
        for work in expired { work.fail(SQLError.timeout("no connection was free before the deadline")) }
    }

    /// Refuses new work; what waits is still done.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    /// Picks from the lanes in their order; each eighth time in the reverse order, so that no lane waits for ever.
    private func pick(upTo limit: Int) -> [SQLiteWork] {
        turns &+= 1
        var taken: [SQLiteWork] = []
        for step in lanes.indices {
            let lane = turns % 8 == 0 ? lanes.count - 1 - step : step
            while taken.count < limit, running[lane] < runningLimits[lane], let work = lanes[lane].popFirst() {
                running[lane] += 1
                taken.append(work)
            }
        }
        return taken
    }
}
