// SPDX-License-Identifier: Apache-2.0

import Foundation
import SQLStorage
import TestKit
import Testing

@Suite("Locks of files and folders")
struct AdvisoryLockTests {
    @Test("one has it; the others are told so at once, and get it when the first is gone")
    func oneAtATime() async throws {
        try await withTemporaryFolder { folder in
            var first: AdvisoryLock? = try AdvisoryLock(folderOf: "\(folder)/haven.db")
            await SQLDatabaseContract.expectError("conflict") { _ = try AdvisoryLock(folderOf: "\(folder)/other.db") }
            withExtendedLifetime(first) {}
            first = nil
            let second = try AdvisoryLock(folderOf: "\(folder)/haven.db")
            await SQLDatabaseContract.expectError("conflict") { _ = try AdvisoryLock(folderOf: "\(folder)/haven.db") }
            withExtendedLifetime(second) {}
        }
    }

    @Test("where there is no folder there is no lock")
    func noFolder() async throws {
        try await withTemporaryFolder { folder in
            await SQLDatabaseContract.expectError("unreachable") {
                _ = try AdvisoryLock(folderOf: "\(folder)/no/haven.db")
            }
        }
    }

    @Test("a lock that is given up is free at once, also while a forked child has not yet closed its copy of it")
    func copies() async throws {
        try await withTemporaryFolder { folder in
            let file = "\(folder)/lock"
            var first: AdvisoryLock? = try AdvisoryLock(file: file)
            withExtendedLifetime(first) {}
            let held = try #require((3..<4096).first { Self.target(of: Int32($0)) == file })
            let copy = dup(Int32(held))
            defer { close(copy) }
            first = nil
            let second = try AdvisoryLock(file: file)
            #expect(throws: AdvisoryLock.Fault.taken) { _ = try AdvisoryLock(file: file) }
            withExtendedLifetime(second) {}
        }
    }

    private static func target(of descriptor: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    }
}
