// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestKit
import Testing

@testable import Metadata

@Suite("The time of the nodes")
struct ClusterClockTests {
    private static let hour = Int64.hours(1)

    @Test(
        "is what most clocks say; the database decides between two, and a node alone goes by its own",
        arguments: [
            ([], 0), ([-5], -5), ([0, hour], 0), ([-hour, hour], 0), ([0, 2, hour], 2), ([7, 7, -hour], 7),
            ([hour, hour, hour], hour), ([1, 2, 3, hour], 2), ([hour, hour, hour, 0], hour),
        ] as [([Int64], Int64)])
    func votes(_ skews: [Int64], _ lead: Int64) {
        #expect(NodeClocks(database: 1_000, skews: skews).time == 1_000 + lead)
    }

    /// Clocks that are moved by hand.
    private final class Hands: Sendable {
        private let hands = Mutex((wall: Int64(1_000_000), steady: Int64(50)))
        func move(wall: Int64 = 0, steady: Int64 = 0) {
            hands.withLock { ($0.wall, $0.steady) = ($0.wall + wall, $0.steady + steady) }
        }
        var clock: ClusterClock {
            ClusterClock(wall: { self.hands.withLock { $0.wall } }, steady: { self.hands.withLock { $0.steady } })
        }
    }

    @Test("is the machine's until nodes were heard, and does not jump with the machine's afterwards")
    func jump() async throws {
        let hands = Hands()
        let clock = hands.clock
        #expect(clock.microseconds == 1_000_000)
        try await clock.listen { NodeClocks(database: 5_000_000, skews: [0, 0, 1]) }
        #expect(clock.microseconds == 5_000_000)
        hands.move(wall: Self.hour, steady: 10)
        #expect(clock.microseconds == 5_000_010)
        #expect(clock.lead == Self.hour - 4_000_010)
    }

    @Test("is not taken from an answer that was long under way, nor from none")
    func slow() async throws {
        let hands = Hands()
        let clock = hands.clock
        try await clock.listen {
            hands.move(wall: .seconds(3), steady: .seconds(3))
            return NodeClocks(database: 0, skews: [])
        }
        await #expect(throws: ToolFailure.self) { try await clock.listen { throw ToolFailure(what: "away") } }
        #expect(clock.lead == 0)
    }

    @Test("is asked of the nodes that live")
    func living() async throws {
        try await withMetadata { store in
            let now = try await store.read { try $0.now() }
            for (state, skew) in [(NodeBeat.State.serving, 0), (.draining, Self.hour), (.stopped, 9 * Self.hour)] {
                try await store.beat(
                    NodeBeat(
                        id: .random(), name: "\(state)", version: "1", address: "a:1", schema: 2, state: state,
                        clock: now + skew))
            }
            let clocks = try await store.read { try $0.nodeClocks(heardWithin: .seconds(60)) }
            #expect(clocks.skews.count == 2 && clocks.skews.contains { $0 > Self.hour / 2 })
            #expect(clocks.database >= now)
            let none = try await store.read { try $0.nodeClocks(heardWithin: .seconds(-1)) }
            #expect(none.skews == [])
        }
    }
}
