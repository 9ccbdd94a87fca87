// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import TestKit
import Testing

extension ObjectStores {
    @Suite("the contract of blob stores, on OSS", .serialized)
    struct OSSContractTests {
        @Test("signed in version 4", arguments: BlobStoreContract.clauses)
        func version4(_ clause: BlobStoreContract.Item) async throws {
            try await withOSS { _, subject in try await clause.check(subject) }
        }

        @Test("signed in version 1", arguments: BlobStoreContract.clauses)
        func version1(_ clause: BlobStoreContract.Item) async throws {
            try await withOSS(["signatureversion": "v1"]) { _, subject in try await clause.check(subject) }
        }

        @Test("when answers get lost", arguments: BlobStoreContract.clauses)
        func lossy(_ clause: BlobStoreContract.Item) async throws {
            try await withOSS { double, subject in
                double.server.fail(VendorStores.lossy())
                try await clause.check(subject)
            }
        }
    }
}

/// A double of OSS, and two stores on it with small parts.
func withOSS(
    _ more: [String: String] = [:],
    _ body: (_ double: OSSDouble, _ subject: BlobStoreContract.Subject) async throws -> Void
) async throws {
    let double = try await OSSDouble.start()
    let result: Result<Void, any Error>
    do {
        try await VendorStores.withSubject {
            try double.service(root: $0, more)
        } check: {
            try await body(double, $0)
        }
        result = .success(())
    } catch { result = .failure(error) }
    await double.stop()
    try result.get()
}

extension OSSDouble {
    /// The driver's options for this double.
    func options(root: String, _ more: [String: String] = [:]) -> OSSOptions {
        let basic = [
            "accesskeyid": accessKey, "accesskeysecret": secret, "region": "oss-\(region)", "bucket": bucket,
            "endpoint": endpoint, "forcepathstyle": "true", "rootdirectory": root, "chunksize": "262144",
        ]
        var reader = OptionReader(basic.merging(more) { $1 })
        let options = OSSOptions(&reader)
        #expect(reader.faults() == [])
        return options
    }

    func service(root: String, _ more: [String: String] = [:]) throws -> OSSService {
        try OSSService(options(root: root, more), VendorStores.quick, logger: VendorStores.logger)
    }
}
