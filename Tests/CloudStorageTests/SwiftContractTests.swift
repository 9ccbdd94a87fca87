// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import TestKit
import Testing

extension ObjectStores {
    @Suite("the contract of blob stores, on OpenStack Swift", .serialized)
    struct SwiftContractTests {
        @Test("with its own accounts", arguments: BlobStoreContract.clauses)
        func tempauth(_ clause: BlobStoreContract.Item) async throws {
            let server = try await SwiftStore.tempauth()
            try await check(
                clause,
                [
                    "username": SwiftStore.user, "password": SwiftStore.key, "authurl": "\(server.url)/auth/v1.0",
                    "container": SwiftStore.container, "tempurlkey": "signing key",
                ])
        }

        @Test("behind Keystone", arguments: BlobStoreContract.clauses)
        func keystone(_ clause: BlobStoreContract.Item) async throws {
            let identity = try await SwiftStore.withKeystone().keystone
            try await check(
                clause,
                [
                    "username": Keystone.user, "password": Keystone.password,
                    "authurl": "\(identity?.url ?? "")/identity/v3", "tenant": Keystone.project, "domain": "default",
                    "region": Keystone.region, "container": SwiftStore.container, "tempurlkey": "signing key",
                ])
        }

        @Test("on Ceph's gateway", arguments: BlobStoreContract.clauses)
        func radosgw(_ clause: BlobStoreContract.Item) async throws {
            let server = try await Radosgw.shared()
            try await check(
                clause,
                [
                    "username": server.swiftUser, "password": server.swiftKey, "authurl": "\(server.url)/auth/v1.0",
                    "container": "haven-swift",
                ])
        }

        private func check(_ clause: BlobStoreContract.Item, _ options: [String: String]) async throws {
            try await withCloudStores { folder, logger in
                var reader = OptionReader(options.merging(["prefix": folder]) { $1 })
                var options = SwiftOptions(&reader)
                #expect(reader.faults() == [])
                options.smallestPart = 65_536
                options.chunkBytes = 262_144
                return CloudBlobStore(
                    try SwiftService(options, logger: logger), spool: try await Spool.open(folder: folder))
            } check: {
                try await clause.check($0)
            }
        }
    }
}
