// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import Foundation
import NIOCore
import OCI
import TestKit
import Testing

@Suite("Google Cloud Storage", .serialized)
struct GCSTests {
    @Test("more parts than one call composes make one blob, and dooming leaves nothing else")
    func manyParts() async throws {
        try await withGCS { _, subject in
            let blob = TestBlob.random(7_000)
            var plan = UploadPlan(base: subject.here.newBase())
            for number in 1...70 {
                let start = (number - 1) * 100
                let node = number.isMultiple(of: 2) ? subject.here : subject.there
                try await BlobStoreContract.append(
                    Array(blob.bytes[start..<start + 100]), to: &plan, as: number, in: node)
            }
            let stored = try await subject.there.assemble(plan, asNumber: 71, hashing: .sha256)
            #expect(stored.digest?.description == blob.digest)
            let reserved = subject.here.reservedLocations(base: plan.base, through: 71, driver: plan.driver)
            let outcomes = await subject.here.delete(reserved.filter { $0.location != stored.location })
            #expect(Set(outcomes) == [.gone])
            #expect(try await BlobStoreContract.objects(in: subject.here) == [stored.location: 7_000])
        }
    }

    @Test("a token is asked for once however many calls wait, and again when it was revoked or is nearly over")
    func tokens() async throws {
        try await withGCS { front, subject in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await BlobStoreContract.push([1], to: subject.here) } }
                try await group.waitForAll()
            }
            #expect(front.identity.tokenCount == 1)
            front.identity.revokeTokens()
            _ = try await BlobStoreContract.push([1], to: subject.here)
            #expect(front.identity.tokenCount == 1)
            front.identity.setTokenLife(1)
            front.identity.revokeTokens()
            _ = try await BlobStoreContract.push([1], to: subject.here)
            let isRenewed = try await eventually {
                _ = try await BlobStoreContract.push([1], to: subject.here)
                return front.identity.tokenCount > 1
            }
            #expect(isRenewed)
            #expect(front.server.requests.contains { $0.target == "/token" })
        }
    }

    @Test("another account's key gets no token, and the error says so")
    func foreignKey() async throws {
        let emulator = try await GoogleEmulator.shared()
        try await withGCS { front, _ in
            try await withTemporaryFolder { folder in
                let stranger = try GoogleIdentity()
                let path = "\(folder)/stranger.json"
                try stranger.keyFile(tokenAddress: front.tokenAddress).write(to: URL(filePath: path))
                try await VendorStores.withSubject { root in
                    try GCSService(
                        emulator.options(front, keyFile: path, root: root), VendorStores.quick,
                        logger: VendorStores.logger)
                } check: { subject in
                    let error = await #expect(throws: BlobStorageError.self) {
                        _ = try await BlobStoreContract.push([1], to: subject.here)
                    }
                    guard case .refused = error else { return #expect(Bool(false), "\(String(describing: error))") }
                }
            }
        }
    }

    @Test(
        "a chunk whose answer was lost is not believed nor sent twice: the session is asked how far it is",
        arguments: GoogleEmulator.Program.allCases)
    func lostChunk(_ program: GoogleEmulator.Program) async throws {
        try await withGCS(program) { front, subject in
            let seen = SeenRequests()
            // Of 900,000 bytes in chunks of 262,144, every chunk loses its first answer.
            front.server.fail { request in
                let isChunk = request.method == "PUT" && request.body.readableBytes > 0
                return isChunk && seen.isFirst(request) ? .loseAnswer : nil
            }
            let bytes = TestBlob.random(900_000).bytes
            let location = try await BlobStoreContract.push(bytes, to: subject.here)
            #expect(try await BlobStoreContract.content(of: location, in: subject.there) == bytes)
            #expect(front.chunks.count == 4)
            #expect(front.openSessions == 0)
        }
    }

    @Test("a chunk that never arrived is sent again", arguments: GoogleEmulator.Program.allCases)
    func missingChunk(_ program: GoogleEmulator.Program) async throws {
        try await withGCS(program) { front, subject in
            let seen = SeenRequests()
            front.server.fail { request in
                let isChunk = request.method == "PUT" && request.body.readableBytes > 0
                return isChunk && seen.isFirst(request) ? .cut : nil
            }
            let bytes = TestBlob.random(900_000).bytes
            let location = try await BlobStoreContract.push(bytes, to: subject.here)
            #expect(try await BlobStoreContract.content(of: location, in: subject.there) == bytes)
        }
    }

    @Test("a session that the store lost is begun anew")
    func lostSession() async throws {
        try await withGCS { front, subject in
            let seen = SeenRequests()
            front.server.fail { request in
                let isLater = request.header("Content-Range").hasPrefix("bytes 262144-")
                return isLater && seen.isFirst(named: "session") ? .refuse(410) : nil
            }
            let bytes = TestBlob.random(600_000).bytes
            let location = try await BlobStoreContract.push(bytes, to: subject.here)
            #expect(try await BlobStoreContract.content(of: location, in: subject.there) == bytes)
        }
    }

    @Test("a session that fails for good is cancelled")
    func cancelledSession() async throws {
        try await withGCS { front, subject in
            front.server.fail { $0.header("Content-Range").hasPrefix("bytes 262144-") ? .refuse(400) : nil }
            await #expect(throws: BlobStorageError.self) {
                _ = try await BlobStoreContract.push(TestBlob.random(600_000).bytes, to: subject.here)
            }
            #expect(front.openSessions == 0)
        }
    }
}
