// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import OCI
import TestKit
import Testing

@Suite("Azure", .serialized)
struct AzureTests {
    /// An upload of two parts, the first one full.
    private func twoParts(_ subject: BlobStoreContract.Subject) async throws -> (UploadPlan, TestBlob) {
        let blob = TestBlob.random(600_000)
        var plan = UploadPlan(base: subject.here.newBase())
        try await BlobStoreContract.append(Array(blob.bytes[..<400_000]), to: &plan, as: 1, in: subject.here)
        try await BlobStoreContract.append(Array(blob.bytes[400_000...]), to: &plan, as: 2, in: subject.there)
        return (plan, blob)
    }

    @Test("blocks that the store dropped make the upload lost, not shorter")
    func droppedBlocks() async throws {
        try await withAzure { double, subject in
            let (plan, _) = try await twoParts(subject)
            #expect(double.uncommitted.count == 1)
            double.dropUncommittedBlocks()
            let error = await #expect(throws: BlobStorageError.self) {
                _ = try await subject.here.assemble(plan, asNumber: 3, hashing: nil)
            }
            guard case .lost = error else { return #expect(Bool(false), "\(String(describing: error))") }
        }
    }

    @Test("dooming an upload drops its blocks at once")
    func doomedBlocks() async throws {
        try await withAzure { double, subject in
            let (plan, _) = try await twoParts(subject)
            let doomed = subject.there.reservedLocations(base: plan.base, through: 2, driver: plan.driver)
            #expect(Set(await subject.there.delete(doomed)) == [.gone])
            #expect(double.uncommitted.isEmpty)
            #expect(try await BlobStoreContract.objects(in: subject.here).isEmpty)
            await #expect(throws: BlobStorageError.self) {
                _ = try await subject.here.assemble(plan, asNumber: 3, hashing: nil)
            }
        }
    }

    @Test("two nodes that commit at once, and one after them, get the same whole blob")
    func commitsAtOnce() async throws {
        try await withAzure { double, subject in
            let (plan, blob) = try await twoParts(subject)
            async let first = subject.here.assemble(plan, asNumber: 3, hashing: nil)
            async let second = subject.there.assemble(plan, asNumber: 4, hashing: nil)
            let third = try await subject.there.assemble(plan, asNumber: 5, hashing: .sha256)
            let (one, two) = try await (first, second)
            #expect(Set([one.location, two.location, third.location]).count == 1)
            #expect(third.digest?.description == blob.digest)
            // Whoever came late found the blob made, and read it before believing it.
            #expect([one, two, third].count { $0.digest != nil } >= 2)
            #expect(try await BlobStoreContract.content(of: one.location, in: subject.here) == blob.bytes)
            #expect(double.uncommitted.isEmpty)
        }
    }

    @Test("a commit whose answer was lost is found done, and the bytes are read before they are believed")
    func lostCommit() async throws {
        try await withAzure { double, subject in
            let (plan, blob) = try await twoParts(subject)
            let seen = SeenRequests()
            double.server.fail { $0.item("comp") == "blocklist" && seen.isFirst($0) ? .loseAnswer : nil }
            let stored = try await subject.here.assemble(plan, asNumber: 3, hashing: nil)
            #expect(stored.digest?.description == blob.digest)
        }
    }

    @Test("a clock that is wrong is refused, and the error says where to look")
    func wrongClock() async throws {
        try await withAzure { double, subject in
            double.setSkew(3_600)
            let error = await #expect(throws: BlobStorageError.self) {
                _ = try await BlobStoreContract.push([1], to: subject.here)
            }
            guard case .refused(let text) = error else { return #expect(Bool(false), "\(String(describing: error))") }
            #expect(text.contains("AuthenticationFailed") && text.contains("clock"))
        }
    }

    @Test("an address that is over shows nothing")
    func addressIsOver() async throws {
        try await withAzure { double, subject in
            let location = try await BlobStoreContract.push([1], to: subject.here)
            let address = try #require(await subject.here.redirect(to: location))
            double.setSkew(1_300)
            let answer = try await Tool("curl").check("-s", address)
            #expect(answer.contains("AuthenticationFailed"))
        }
    }
}
