// SPDX-License-Identifier: Apache-2.0

import Metadata
import SQLStorage
import Synchronization
import TestKit
import Testing

@Suite("Transactions of the metadata room")
struct MetadataStoreTests {
    @Test("a body that lost a race runs again, and only its last attempt counts", arguments: TestDatabase.allCases)
    func race(_ kind: TestDatabase) async throws {
        try await withMetadata(kind) { store in
            let attempts = Counter()
            try await store.write { tx in
                try tx.sql.run("INSERT INTO epochs (scope, n) VALUES (\("try\(attempts.next())"), 1)")
                if attempts.value < 4 { throw MetadataError.raced("test") }
            }
            let scopes = try await store.read { try $0.sql.rows("SELECT scope FROM epochs").map { $0.text(0) } }
            #expect(scopes == ["try4"])
        }
    }

    @Test("any other error ends the attempts at once", arguments: TestDatabase.allCases)
    func otherErrors(_ kind: TestDatabase) async throws {
        try await withMetadata(kind) { store in
            let attempts = Counter()
            await #expect(throws: MetadataError.damaged("test")) {
                try await store.write { _ in
                    _ = attempts.next()
                    throw MetadataError.damaged("test")
                }
            }
            #expect(attempts.value == 1)
        }
    }

    @Test("fifty writers that read before they write lose no change", arguments: TestDatabase.allCases)
    func counting(_ kind: TestDatabase) async throws {
        try await withMetadata(kind) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { try await store.write { try $0.advanceEpoch("test") } } }
                try await group.waitForAll()
            }
            try await #expect(store.read { try $0.epoch("test") } == 50)
        }
    }

    @Test("what two read as absent and both insert is a race, and not an error", arguments: TestDatabase.allCases)
    func absence(_ kind: TestDatabase) async throws {
        try await withMetadata(kind) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await store.write { tx in
                            let known = try tx.sql.rows("SELECT n FROM epochs WHERE scope = 'one'")
                            if known.isEmpty { try tx.sql.run("INSERT INTO epochs (scope, n) VALUES ('one', 1)") }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await #expect(store.read { try $0.epoch("one") } == 1)
        }
    }

    @Test("ids are 32 lower-case hexadecimal digits and differ")
    func identifiers() {
        let ids = (0..<1000).map { _ in ProjectID.random().rawValue }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
    }
}

/// Counts attempts across threads.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}

/// Runs `body` with a new, migrated database.
func withMetadata<T>(_ kind: TestDatabase = .sqlite, _ body: (MetadataStore) async throws -> T) async throws -> T {
    try await kind.with { database in
        try await Migrator(database).migrate()
        return try await body(MetadataStore(database: database))
    }
}
