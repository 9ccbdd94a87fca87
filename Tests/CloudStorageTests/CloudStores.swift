// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import Logging
import TestKit

/// Two handles on one empty storage: `open` gets a folder that is new, for its spool, and as a name inside the store.
func withCloudStores(
    _ open: (_ folder: String, _ logger: Logger) async throws -> CloudBlobStore,
    check: (BlobStoreContract.Subject) async throws -> Void
) async throws {
    try await withTemporaryFolder { folder in
        let logger = Logger(label: "test")
        let here = try await open(folder, logger)
        let there = try await open(folder, logger)
        do {
            try await check(
                BlobStoreContract.Subject(here: here, there: there, keepsWhatIsRead: false, knowsUsedNames: false))
        } catch {
            await here.close()
            await there.close()
            throw error
        }
        await here.close()
        await there.close()
    }
}
