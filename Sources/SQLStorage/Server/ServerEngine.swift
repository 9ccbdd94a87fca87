// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// The threads and connections of one served database: a pool for each lane, so that none can starve another.
///
/// Threads hold the pools, never the engine, so that an engine nobody uses any more ends them.
final class ServerEngine: Sendable {
    private let pools: [ServerPool]
    private let deadline: Duration
    private let watchdog = DispatchSemaphore(value: 0)
    private let isOverdue = Overdue()
    /// How long calls to a host may go on that does not let new sessions in while another host does: it may be slow, not gone.
    private static let farewell = Duration.seconds(2)

    init(
        _ dialect: SQLDialect, _ hosts: HostChoice, _ options: DatabaseServerOptions,
        connect: @escaping @Sendable (DatabaseServer.Host, SQLLane) throws(SQLError) -> any ServerSession
    ) {
        deadline = options.deadline
        pools = SQLLane.allCases.map { lane in
            // The server ends a statement at the limit and says so; the fuse is for servers that say nothing.
            let limit = options.transactionLimit(of: lane) + .seconds(1)
            return ServerPool(
                "\(lane)", threads: options.connections(of: lane), waiting: options.waitingLimit,
                idle: options.idleLimit
            ) {
                ServerWorker(dialect, hosts, limit: limit) { (host) throws(SQLError) in try connect(host, lane) }
            }
        }
        watch(hosts) { (host) throws(SQLError) in try connect(host, .administration) }
    }

    deinit {
        stop()
    }

    func run<T: Sendable>(
        _ mode: ServerTransactionMode, _ lane: SQLLane, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
        let deadline = ContinuousClock.now + deadline
        return try await withCheckedThrowingContinuation { caller in
            pools[lane.rawValue].submit(
                ServerWork(deadline: deadline) { worker in
                    worker.run(mode, body) { caller.resume(with: $0) }
                } fail: {
                    caller.resume(throwing: $0)
                })
        }
    }

    /// See ``SQLDatabase/lookAround()``.
    func lookAround() { isOverdue.flag.store(true, ordering: .relaxed) }

    /// Ends all threads and waits for them.
    func close() async {
        stop()
        for pool in pools {
            await withCheckedContinuation { caller in
                pool.notify { caller.resume() }
            }
        }
    }

    private func stop() {
        for pool in pools { pool.close() }
        watchdog.signal()
    }

    private func watch(
        _ hosts: HostChoice, _ connect: @escaping @Sendable (DatabaseServer.Host) throws(SQLError) -> any ServerSession
    ) {
        let (pools, watchdog, isOverdue) = (pools, watchdog, isOverdue)
        let thread = Thread {  // ends with stop()
            while watchdog.wait(timeout: .now() + .milliseconds(250)) == .timedOut {
                // A host that hangs lets nobody in: then the choice falls on another.
                if isOverdue.flag.exchange(false, ordering: .relaxed), hosts.hosts.count > 1 {
                    try? hosts.open(connect).session.close()
                }
                let now = ContinuousClock.now
                let left = hosts.left.flatMap { $0.since + Self.farewell <= now ? $0.generation : nil }
                for pool in pools { pool.expire(now: now, left: left) }
            }
        }
        thread.name = "sql.watch"
        thread.start()
    }

    /// Whether an answer is overdue.
    private final class Overdue: Sendable {
        let flag = Atomic(false)
    }
}
