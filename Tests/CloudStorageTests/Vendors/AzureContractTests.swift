// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import TestKit
import Testing

extension ObjectStores {
    @Suite("the contract of blob stores, on Azure", .serialized)
    struct AzureContractTests {
        @Test("on a quiet network", arguments: BlobStoreContract.clauses)
        func quiet(_ clause: BlobStoreContract.Item) async throws {
            try await withAzure { _, subject in try await clause.check(subject) }
        }

        @Test("when answers get lost", arguments: BlobStoreContract.clauses)
        func lossy(_ clause: BlobStoreContract.Item) async throws {
            try await withAzure { double, subject in
                double.server.fail(VendorStores.lossy())
                try await clause.check(subject)
            }
        }
    }
}

/// A double of Azure, and two stores on it with small parts.
func withAzure(
    _ body: (_ double: AzureDouble, _ subject: BlobStoreContract.Subject) async throws -> Void
) async throws {
    let double = try await AzureDouble.start()
    let result: Result<Void, any Error>
    do {
        try await VendorStores.withSubject {
            try double.service(root: $0)
        } check: {
            try await body(double, $0)
        }
        result = .success(())
    } catch { result = .failure(error) }
    await double.stop()
    try result.get()
}

extension AzureDouble {
    /// The driver's options for this double.
    func options(root: String) -> AzureOptions {
        var reader = OptionReader([
            "accountname": account, "accountkey": key, "container": container, "serviceurl": endpoint,
            "rootdirectory": root, "chunksize": "262144",
        ])
        let options = AzureOptions(&reader)
        #expect(reader.faults() == [])
        return options
    }

    func service(root: String) throws -> AzureService {
        try AzureService(options(root: root), VendorStores.quick, logger: VendorStores.logger)
    }
}
