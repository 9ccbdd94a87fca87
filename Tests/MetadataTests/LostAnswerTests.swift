// SPDX-License-Identifier: Apache-2.0

import Metadata
import OCI
import SQLStorage
import TestKit
import Testing

@Suite("Writes whose connection breaks")
struct LostAnswerTests {
    private static let kinds = [TestDatabase.postgresql, .mariadb]

    @Test("cut before COMMIT arrived: looked for, not found, and run again", arguments: kinds)
    func beforeCommit(_ kind: TestDatabase) async throws {
        try await withProxiedStore(kind) { proxy, store in
            let attempts = Counter()
            proxy.arm(.commit(kind, .cutBefore))
            try await post("a", to: store, attempts)
            #expect(attempts.value == 2)
            try await #expect(store.read { try $0.isPosted("a") })
        }
    }

    @Test("cut after COMMIT arrived: looked for, found, and not run again", arguments: kinds)
    func afterCommit(_ kind: TestDatabase) async throws {
        try await withProxiedStore(kind) { proxy, store in
            let attempts = Counter()
            proxy.arm(.commit(kind, .cutAfter))
            let value = try await post("a", to: store, attempts)
            #expect(value == 1)
            #expect(attempts.value == 1)
            try await #expect(store.read { try $0.isPosted("a") })
        }
    }

    @Test("cut again while looking: neither lost nor doubled", arguments: kinds)
    func twice(_ kind: TestDatabase) async throws {
        try await withProxiedStore(kind) { proxy, store in
            let attempts = Counter()
            proxy.arm(.commit(kind, .cutAfter))
            proxy.arm(.init("FROM outbox", toServer: .cutBefore))
            try await post("a", to: store, attempts)
            #expect(proxy.sprung == 2)
            #expect(attempts.value == 1)
        }
    }

    @Test("a write that cannot be looked for says that nobody knows", arguments: kinds)
    func surfaces(_ kind: TestDatabase) async throws {
        try await withProxiedStore(kind) { proxy, store in
            proxy.arm(.commit(kind, .cutAfter))
            await SQLDatabaseContract.expectError("outcomeUnknown") {
                try await store.write { try $0.advanceEpoch("test") }
            }
            try await #expect(store.read { try $0.epoch("test") } == 1)
        }
    }

    @Test("a server that stays away after the commit leaves it unknown", arguments: kinds)
    func away(_ kind: TestDatabase) async throws {
        try await withProxiedStore(kind) { proxy, store in
            proxy.arm(.commit(kind, .cutAfter))
            let writing = Task { try await post("a", to: store, Counter()) }  // awaited below
            _ = try await eventually { proxy.sprung == 1 }
            proxy.set(.refuse)
            proxy.cut()
            await SQLDatabaseContract.expectError("outcomeUnknown") { try await writing.value }
            proxy.set(.pass)
            try await #expect(store.read { try $0.isPosted("a") })
        }
    }

    @Test("a connection lost before COMMIT is not noticed by the caller", arguments: kinds)
    func beforeAnything(_ kind: TestDatabase) async throws {
        try await withProxiedStore(kind) { proxy, store in
            proxy.arm(.init("INSERT INTO outbox", toServer: .cutBefore))
            try await post("a", to: store, Counter())
            proxy.cut()
            try await #expect(store.read { try $0.isPosted("a") })
        }
    }

    @Test("a server that is away for a second is waited for", arguments: kinds)
    func shortAbsence(_ kind: TestDatabase) async throws {
        try await withProxiedStore(kind) { proxy, store in
            proxy.set(.refuse)
            proxy.cut()
            async let back: Void = {
                try await Task.sleep(for: .seconds(1))
                proxy.set(.pass)
            }()
            try await post("a", to: store, Counter())
            try await back
        }
    }

    @discardableResult
    private func post(_ operation: String, to store: MetadataStore, _ attempts: Counter) async throws -> Int {
        try await store.write(.push, unknown: .by { try $0.isPosted(operation) }) { transaction in
            try transaction.post(
                OutboxRow(
                    operation: operation, index: 0, subject: "test", subjectVersion: 1, kind: "TEST", payload: "{}"))
            return attempts.next()
        }
    }
}

/// Runs `body` with a migrated database on a shared server, reached through a proxy.
func withProxiedStore(_ kind: TestDatabase, _ body: (FaultProxy, MetadataStore) async throws -> Void) async throws {
    try await kind.withServer { place in
        try await Migrator(kind.open(place)).migrate()
        let proxy = try FaultProxy(to: place.hosts[0].port)
        let database = try kind.open(place.through(proxy))
        do {
            try await body(proxy, MetadataStore(database: database))
        } catch {
            proxy.close()
            await database.close()
            throw error
        }
        proxy.close()
        await database.close()
    }
}
