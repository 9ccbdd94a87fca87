// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import TestKit
import Testing

@testable import Metadata

@Suite("While the database is away")
struct DatabaseWatchTests {
    private func withWatched(
        limit: Duration = .milliseconds(50), hold: Duration = .zero,
        _ body: (FaultyDatabase, MetadataStore, DatabaseWatch) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let inner = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await Migrator(inner).migrate()
            let database = FaultyDatabase(inner)
            let watch = DatabaseWatch(pullLimit: limit, holdLimit: hold, sleep: database.sleep)
            try await body(database, MetadataStore(database: database, watch: watch), watch)
            await database.close()
        }
    }

    private static let beat = NodeBeat(
        id: .random(), name: "a", version: "1", address: "a:1", schema: 2, state: .serving, clock: 0)

    /// How a read of a pull ends: its value, or nil for an outage.
    private func pull(_ store: MetadataStore) async throws -> Bool? {
        do {
            return try await store.read(.pull) { try $0.now() } > 0
        } catch let error as SQLError where error.isOutage {
            return nil
        }
    }

    @Test("one pull that hangs is enough: it gives up in time, and nobody asks again until a probe has written")
    func hung() async throws {
        try await withWatched { database, store, watch in
            let answer1 = try await pull(store)
            #expect(answer1 == true)
            database.become(.hangs)
            let together = try await withThrowingTaskGroup(of: Bool?.self) { group in
                for _ in 0..<20 { group.addTask { try await pull(store) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(together.allSatisfy { $0 == nil })
            #expect(watch.mode == .outage)
            let asked = database.asked
            let answer2 = try await pull(store)
            #expect(answer2 == nil)
            await #expect(throws: SQLError.self) { try await store.write { _ in } }
            await #expect(throws: SQLError.self) { try await store.read(.administration) { _ in } }
            #expect(database.asked == asked, "nothing reaches a database that is away")
            await #expect(throws: SQLError.self) { try await store.beat(Self.beat) }
            #expect(watch.mode == .outage)
            database.become(.works)
            try await store.beat(Self.beat)
            #expect(watch.mode == .normal)
            #expect(watch.outages == 1)
            let answer3 = try await pull(store)
            #expect(answer3 == true)
        }
    }

    @Test("a connection that broke once is no outage: the read is tried again")
    func hiccup() async throws {
        try await withWatched(limit: .seconds(20)) { database, store, watch in
            database.become(.refuses(.unreachable("broken")))
            async let answer = pull(store)
            while database.asked < 2 { await Task.yield() }
            database.become(.works)
            let isAnswered = try await answer
            #expect(isAnswered == true)
            #expect(watch.mode == .normal)
        }
    }

    @Test("two beats that fail are an outage without any pull; the second is not needed when one succeeds between")
    func probes() async throws {
        try await withWatched { database, store, watch in
            for behaviour in [FaultyDatabase.Behaviour.refuses(.unreachable("gone")), .works] {
                database.become(behaviour)
                try? await store.beat(Self.beat)
            }
            database.become(.refuses(.unreachable("gone")))
            try? await store.beat(Self.beat)
            #expect(watch.mode == .normal)
            try? await store.beat(Self.beat)
            #expect(watch.mode == .outage)
        }
    }

    @Test("a database that only refuses writes is read all the same")
    func readOnly() async throws {
        try await withWatched { database, store, watch in
            database.become(.readOnly)
            for _ in 0..<2 { try? await store.beat(Self.beat) }
            #expect(watch.mode == .readOnly)
            let answer4 = try await pull(store)
            #expect(answer4 == true)
            await #expect(throws: SQLError.self) { try await store.write { _ in } }
        }
    }

    @Test("a push waits for a database that comes back in time; what is not a push does not wait")
    func held() async throws {
        try await withWatched(hold: .seconds(60)) { database, store, watch in
            database.become(.refuses(.unreachable("gone")))
            for _ in 0..<2 { try? await store.beat(Self.beat) }
            #expect(watch.mode == .outage)
            for lane in [SQLLane.administration, .jobs] {
                await #expect(throws: SQLError.self) { try await store.write(lane) { _ in } }
                await #expect(throws: SQLError.self) { try await store.read(lane) { _ in } }
            }
            let read = try await pull(store)
            #expect(read == nil)
            async let written: Void = store.write(.push) { _ in }
            async let seen = store.read(.push) { try $0.now() }
            while watch.held < 2 { await Task.yield() }
            database.become(.works)
            try await store.beat(Self.beat)
            try await written
            let time = try await seen
            #expect(time > 0 && watch.held == 0)
        }
    }

    @Test("a push is told to come back when the database stays away, and later ones at once")
    func heldInVain() async throws {
        try await withWatched(hold: .milliseconds(150)) { database, store, watch in
            database.become(.refuses(.unreachable("gone")))
            for _ in 0..<2 { try? await store.beat(Self.beat) }
            await #expect(throws: SQLError.self) { try await store.write(.push) { _ in } }
            let start = ContinuousClock.now
            let isRetried = await watch.hold(since: start)
            #expect(!isRetried && watch.held == 0)
        }
    }

    @Test("a push that was given up waits no longer")
    func heldAndCancelled() async throws {
        try await withWatched(hold: .seconds(60)) { database, store, watch in
            database.become(.refuses(.unreachable("gone")))
            for _ in 0..<2 { try? await store.beat(Self.beat) }
            let push = Task { try await store.write(.push) { _ in } }
            while watch.held < 1 { await Task.yield() }
            push.cancel()
            await #expect(throws: (any Error).self) { try await push.value }
            #expect(watch.held == 0)
        }
    }

    @Test("what a transaction itself decides is no outage")
    func decisions() async throws {
        try await withWatched { _, store, watch in
            await #expect(throws: MetadataError.projectGone) {
                try await store.read(.pull) { _ in throw MetadataError.projectGone }
            }
            #expect(watch.mode == .normal)
        }
    }
}
