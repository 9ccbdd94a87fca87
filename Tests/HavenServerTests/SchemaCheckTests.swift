// SPDX-License-Identifier: Apache-2.0

import Metadata
import SQLStorage
import TestKit
import Testing

@testable import HavenServer

@Suite("the schema that a node finds")
struct SchemaCheckTests {
    @Test("one that another node is just filling is waited for")
    func filling() async throws {
        try await withOlderSchema { database in
            async let waiting: Void = SchemaCheck.demandCurrent(database, patience: .seconds(60))
            try await Migrator(database).migrate()
            try await waiting
        }
    }

    @Test("one that stays old is refused with the command to run")
    func old() async throws {
        try await withOlderSchema { database in
            let fault = await #expect(throws: StartFault.self) {
                try await SchemaCheck.demandCurrent(database, patience: .milliseconds(300))
            }
            #expect("\(String(describing: fault))".contains("haven db migrate"))
        }
    }

    private func withOlderSchema(_ body: (SQLiteDatabase) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: "\(folder)/haven.db")
            try await Migrator(database).migrate(to: 1)
            try await body(database)
            await database.close()
        }
    }
}
