// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import TestKit
import Testing

@Suite("a vendor's store in trouble", .serialized)
struct VendorFaultTests {
    @Test("is asked again when it is busy for a moment", arguments: Vendor.allCases)
    func busyForAMoment(_ vendor: Vendor) async throws {
        try await vendor.with { harness in
            let seen = SeenRequests()
            harness.fail { seen.isFirst($0) ? .refuse(503) : nil }
            let bytes = TestBlob.random(900_000).bytes
            let location = try await BlobStoreContract.push(bytes, to: harness.store)
            #expect(try await BlobStoreContract.content(of: location, in: harness.store) == bytes)
            #expect(await harness.store.delete([DoomedObject(location)]) == [.gone])
        }
    }

    @Test("that stays in trouble is unreachable, after few tries", arguments: Vendor.allCases, [503, 500])
    func staysBusy(_ vendor: Vendor, _ status: Int) async throws {
        try await vendor.with { harness in
            harness.fail { _ in .refuse(status) }
            let error = await #expect(throws: BlobStorageError.self) {
                _ = try await BlobStoreContract.push([1, 2, 3], to: harness.store)
            }
            #expect(error?.isUnreachable == true, "\(String(describing: error))")
            #expect(harness.requests().count == VendorStores.quick.rules.attempts)
            let outcomes = await harness.store.delete([DoomedObject(BlobLocation(rawValue: "a/b"))])
            #expect(outcomes.count == 1 && outcomes != [.gone])
        }
    }

    @Test("that breaks every connection is unreachable", arguments: Vendor.allCases)
    func breaksConnections(_ vendor: Vendor) async throws {
        try await vendor.with { harness in
            harness.fail { _ in .cut }
            let error = await #expect(throws: BlobStorageError.self) {
                _ = try await harness.store.size(of: BlobLocation(rawValue: "a/b"))
            }
            #expect(error?.isUnreachable == true, "\(String(describing: error))")
        }
    }

    @Test("that refuses the key is not asked again, and the error says so", arguments: Vendor.allCases)
    func refusesTheKey(_ vendor: Vendor) async throws {
        try await vendor.with { harness in
            harness.fail { _ in .refuse(403) }
            let error = await #expect(throws: BlobStorageError.self) {
                _ = try await BlobStoreContract.push([1, 2, 3], to: harness.store)
            }
            guard case .refused(let text) = error else { return #expect(Bool(false), "\(String(describing: error))") }
            #expect(text.contains("check the keys"))
            #expect(harness.requests().count == 1)
        }
    }

    @Test("whose bucket is missing says so, and does not call its objects absent", arguments: Vendor.allCases)
    func missingBucket(_ vendor: Vendor) async throws {
        try await vendor.with { harness in
            let error = await #expect(throws: BlobStorageError.self) { try await harness.astray.probe() }
            guard case .refused = error else { return #expect(Bool(false), "\(String(describing: error))") }
        }
    }

    @Test("whose answers always end early gives an error, never a shorter blob", arguments: Vendor.allCases)
    func endsEarly(_ vendor: Vendor) async throws {
        try await vendor.with { harness in
            let location = try await BlobStoreContract.push(TestBlob.random(300_000).bytes, to: harness.store)
            harness.fail { $0.method == "GET" ? .cutBody : nil }
            await #expect(throws: BlobStorageError.self) {
                _ = try await BlobStoreContract.content(of: location, in: harness.store)
            }
        }
    }

    @Test("keeps what a name had when another writer is given the same name", arguments: [Vendor.azure, .gcs])
    func usedNames(_ vendor: Vendor) async throws {
        try await vendor.with { harness in
            var plan = UploadPlan(base: harness.store.newBase())
            try await BlobStoreContract.append(Array("first".utf8), to: &plan, as: 1, in: harness.store)
            let second = try await harness.subject.there.beginPart(1, of: UploadPlan(base: plan.base), at: 0)
            try await BlobStoreContract.write(Array("second".utf8), to: second)
            await #expect(throws: BlobStorageError.self) { _ = try await second.seal() }
            await #expect(throws: BlobStorageError.self) { _ = try await second.seal() }
            // The same bytes again are the same call again.
            let third = try await harness.subject.there.beginPart(1, of: UploadPlan(base: plan.base), at: 0)
            try await BlobStoreContract.write(Array("first".utf8), to: third)
            #expect(try await third.seal() == plan.parts[0])
            let blob = try await harness.store.assemble(plan, asNumber: 2, hashing: nil)
            #expect(try await BlobStoreContract.content(of: blob.location, in: harness.store) == Array("first".utf8))
        }
    }

    @Test("tells of each delete by itself", arguments: Vendor.allCases)
    func failingDeletes(_ vendor: Vendor) async throws {
        try await vendor.with { harness in
            let location = try await BlobStoreContract.push([1], to: harness.store)
            harness.fail { ["DELETE", "POST"].contains($0.method) ? .refuse(503) : nil }
            let failed = await harness.store.delete([DoomedObject(location)])
            #expect(failed != [.gone])
            harness.fail { _ in nil }
            #expect(try await harness.store.size(of: location) == 1)
            #expect(await harness.store.delete([DoomedObject(location)]) == [.gone])
        }
    }
}

@Suite("a signed address", .serialized)
struct SignedAddressTests {
    @Test("shows its object, whole and in parts, to whoever has it, and nothing else", arguments: Vendor.allCases)
    func signedAddress(_ vendor: Vendor) async throws {
        try await vendor.with { harness in
            let bytes = TestBlob.random(10_000).bytes
            let location = try await BlobStoreContract.push(bytes, to: harness.store)
            let other = try await BlobStoreContract.push([1], to: harness.store)
            let address = try #require(await harness.store.redirect(to: location))
            #expect(try await get(address).body == bytes)
            let part = try await get(address, range: "bytes=100-199")
            #expect(part.status == 206 && part.body == Array(bytes[100...199]))
            let moved = address.replacing(location.rawValue, with: other.rawValue)
            #expect(moved != address)
            let bare = String(address.prefix { $0 != "?" })
            for wrong in [moved, bare, address.replacing("=", with: "=0", maxReplacements: 20)] {
                #expect([400, 401, 403].contains(try await get(wrong).status), "\(wrong)")
            }
        }
    }

    private func get(_ address: String, range: String? = nil) async throws -> Answer {
        let headers = range.map { ["Range": $0] } ?? [:]
        return try await RegistryClient(address).send("GET", address, headers, as: .none)
    }
}

extension BlobStorageError {
    var isUnreachable: Bool { if case .unreachable = self { true } else { false } }
}
