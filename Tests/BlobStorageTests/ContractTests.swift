// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import TestKit
import Testing

@Suite("blob store contract")
struct ContractTests {
    @Test("memory", arguments: BlobStoreContract.clauses)
    func memory(_ clause: BlobStoreContract.Item) async throws {
        let store = MemoryBlobStore()
        try await clause.check(BlobStoreContract.Subject(here: store, there: store))
    }

    @Test("filesystem", arguments: BlobStoreContract.clauses)
    func filesystem(_ clause: BlobStoreContract.Item) async throws {
        try await withTemporaryFolder { folder in
            let here = try await FilesystemBlobStore.open(root: folder)
            let there = try await FilesystemBlobStore.open(root: folder)
            try await clause.check(BlobStoreContract.Subject(here: here, there: there))
            await here.close()
            await there.close()
        }
    }
}
