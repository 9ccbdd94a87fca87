// SPDX-License-Identifier: Apache-2.0

import Metadata
import SQLStorage
import Synchronization
import Testing

@Suite("Transactions of the metadata room")
struct MetadataStoreTests {
    @Test("a body that lost a race runs again, and only its last attempt counts")
    func race() async throws {
        try await withMetadata { store in
            let attempts = Counter()
            try await store.write { tx in
                try tx.sql.run("INSERT INTO epochs (scope, n) VALUES (\("try\(attempts.next())"), 1)")
                if attempts.value < 4 { throw MetadataError.raced("test") }
            }
            let scopes = try await store.read { try $0.sql.rows("SELECT scope FROM epochs").map { $0.text(0) } }
            #expect(scopes == ["try4"])
        }
    }

    @Test("any other error ends the attempts at once")
    func otherErrors() async throws {
        try await withMetadata { store in
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

    @Test("ids are 32 lower-case hexadecimal digits and differ")
    func identifiers() {
        let ids = (0..<1000).map { _ in ProjectID.random().rawValue }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
    }
}

/// Counts attempts across threads.
private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
