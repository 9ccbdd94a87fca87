// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import TestKit
import Testing

@Suite("The lock of a folder with SQLite files")
struct SQLiteFolderLockTests {
    @Test("one has it; the others are told so at once, and get it when the first is gone")
    func oneAtATime() async throws {
        try await withTemporaryFolder { folder in
            var first: SQLiteFolderLock? = try SQLiteFolderLock(of: "\(folder)/haven.db")
            await SQLDatabaseContract.expectError("conflict") { _ = try SQLiteFolderLock(of: "\(folder)/other.db") }
            withExtendedLifetime(first) {}
            first = nil
            let second = try SQLiteFolderLock(of: "\(folder)/haven.db")
            await SQLDatabaseContract.expectError("conflict") { _ = try SQLiteFolderLock(of: "\(folder)/haven.db") }
            withExtendedLifetime(second) {}
        }
    }

    @Test("where there is no folder there is no lock")
    func noFolder() async throws {
        try await withTemporaryFolder { folder in
            await SQLDatabaseContract.expectError("unreachable") {
                _ = try SQLiteFolderLock(of: "\(folder)/no/haven.db")
            }
        }
    }
}
