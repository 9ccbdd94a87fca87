// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import TestKit
import Testing

extension ObjectStores {
    @Suite("the contract of blob stores, on S3", .serialized)
    struct S3ContractTests {
        @Test("Ceph's gateway", arguments: BlobStoreContract.clauses)
        func radosgw(_ clause: BlobStoreContract.Item) async throws {
            let server = try await Radosgw.shared()
            try await check(
                clause,
                [
                    "regionendpoint": server.url, "accesskey": server.accessKey, "secretkey": server.secretKey,
                    "bucket": server.bucket,
                ])
        }

        @Test("OpenStack Swift's s3api", arguments: BlobStoreContract.clauses)
        func s3api(_ clause: BlobStoreContract.Item) async throws {
            let server = try await SwiftStore.tempauth()
            try await check(
                clause,
                [
                    "regionendpoint": server.url, "accesskey": SwiftStore.user, "secretkey": SwiftStore.key,
                    "bucket": SwiftStore.container,
                ])
        }

        private func check(_ clause: BlobStoreContract.Item, _ options: [String: String]) async throws {
            try await withCloudStores { spool, logger in
                var reader = OptionReader(options.merging(["region": "us-east-1", "rootdirectory": spool]) { $1 })
                var options = S3Options(&reader)
                #expect(reader.faults() == [])
                options.smallestPart = 65_536
                options.chunkBytes = 262_144
                return CloudBlobStore(
                    try S3Service(options, logger: logger), spool: try await Spool.open(folder: spool))
            } check: {
                try await clause.check($0)
            }
        }
    }
}
