// SPDX-License-Identifier: Apache-2.0

package import Glibc
import SQLStorage
import Synchronization

/// What time it is, as most nodes see it.
///
/// With each beat a node writes how far its clock is from the database's. The time here is the database's, moved by the median of
/// these: a node whose clock jumps is outvoted, and so is a database. A node alone goes by its own clock. Between two beats the
/// time goes on by a clock that never jumps. It only ever suggests, as for the lives of tokens; rows decide.
package final class ClusterClock: Sendable {
    /// What to add to the steady clock, in microseconds; nothing is known yet while it is ``unknown``.
    private let offset = Atomic<Int64>(unknown)
    private let wall: @Sendable () -> Int64
    private let steady: @Sendable () -> Int64

    private static let unknown = Int64.min
    /// An answer of the database that took longer says too little about now, in microseconds.
    private static let patience = Int64.seconds(2)

    /// The clocks of the machine, in microseconds; tests move them by hand.
    package init(
        wall: @escaping @Sendable () -> Int64 = { ClusterClock.reading(CLOCK_REALTIME) },
        steady: @escaping @Sendable () -> Int64 = { ClusterClock.reading(CLOCK_MONOTONIC) }
    ) {
        (self.wall, self.steady) = (wall, steady)
    }

    /// Microseconds since 1970. Until nodes have been heard it is this machine's time.
    package var microseconds: Int64 {
        let offset = offset.load(ordering: .relaxed)
        return offset == Self.unknown ? wall() : steady() + offset
    }

    /// How far this machine's clock is ahead of the nodes', in microseconds.
    package var lead: Int64 { wall() - microseconds }

    /// Hears the nodes.
    ///
    /// - Parameter ask: Asks the database for its time and for the skews of the nodes that live.
    package func listen(_ ask: () async throws -> NodeClocks) async throws {
        let start = steady()
        let clocks = try await ask()
        let end = steady()
        guard end - start < Self.patience else { return }
        offset.store(clocks.time - (start + end) / 2, ordering: .relaxed)
    }

    /// A clock of the machine in microseconds.
    package static func reading(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}

/// The database's time, and how far from it the clocks of nodes are, in microseconds.
package struct NodeClocks: Sendable, Hashable {
    package var database: Int64
    package var skews: [Int64]

    package init(database: Int64, skews: [Int64]) { (self.database, self.skews) = (database, skews) }

    /// The time that most agree on. An even number of nodes has no middle; there the database has a vote.
    var time: Int64 {
        let votes = (skews.count.isMultiple(of: 2) ? skews + [0] : skews).sorted()
        return database + votes[votes.count / 2]
    }
}

extension MetadataTransaction {
    /// The clocks of all nodes that have not ended and whose last beat is no older than this.
    package func nodeClocks(heardWithin age: Duration) throws -> NodeClocks {
        let living = try nodes().filter { $0.state != .stopped && .microseconds($0.silence) <= age }
        return NodeClocks(database: try now(), skews: living.map(\.clockSkew))
    }
}
