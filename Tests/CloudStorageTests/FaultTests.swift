// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import Logging
import NIOCore
import OCI
import TestKit
import Testing

/// What every driver promises about stores that misbehave.
@Suite("a store that misbehaves")
struct FaultTests {
    /// The drivers under test, as a server of each kind would be named in the settings.
    enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case s3, swift
        var testDescription: String { rawValue }
    }

    /// - Parameter patience: How long one try waits for its answer. Short only where a server is silent: elsewhere a machine that
    ///   has much to do must not look like one.
    private func with(
        _ kind: Kind, patience: Duration = .seconds(60), _ body: (FaultServer, CloudBlobStore) async throws -> Void
    ) async throws {
        try await FaultServer.with { server in
            try await withTemporaryFolder { folder in
                let store = CloudBlobStore(
                    try service(kind, server, patience), spool: try await Spool.open(folder: folder))
                do { try await body(server, store) } catch {
                    await store.close()
                    throw error
                }
                await store.close()
            }
        }
    }

    private func service(
        _ kind: Kind, _ server: FaultServer, _ patience: Duration
    ) throws -> any ObjectService {
        var transport = TransportOptions()
        transport.rules = RetryRules(
            attempts: 4, firstPause: .milliseconds(1), longestPause: .milliseconds(20), patience: patience)
        transport.silence = patience
        let logger = Logger(label: "test")
        switch kind {
        case .s3:
            var reader = OptionReader([
                "accesskey": "k", "secretkey": "s", "region": "r", "bucket": "b", "regionendpoint": server.url,
            ])
            return try S3Service(S3Options(&reader), transport, logger: logger)
        case .swift:
            var reader = OptionReader([
                "username": "u", "password": "p", "authurl": "\(server.url)/auth/v1.0", "container": "c",
            ])
            return try SwiftService(SwiftOptions(&reader), transport, logger: logger)
        }
    }

    private let bytes = TestBlob.random(400_000).bytes

    @Test("refused with 403, a write says so and is not tried again", arguments: Kind.allCases)
    func refused(_ kind: Kind) async throws {
        try await with(kind) { server, store in
            server.inject(
                .status(403, body: "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"), into: "PUT",
                times: 9)
            let error = await #expect(throws: BlobStorageError.self) {
                _ = try await BlobStoreContract.push(bytes, to: store)
            }
            guard case .refused(let text) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains("403 AccessDenied") && text.contains("check the keys"))
            #expect(server.count(of: "PUT") == 1)
        }
    }

    @Test("what is not there is not found, and is not asked for again and again", arguments: Kind.allCases)
    func absent(_ kind: Kind) async throws {
        try await with(kind) { server, store in
            let name = store.reservedLocations(base: store.newBase(), through: 1, driver: "")[0].location
            await #expect(throws: BlobStorageError.notFound) { _ = try await store.open(name) }
            let size = try await store.size(of: name)
            #expect(size == nil)
            // Swift is asked once more for all replicas.
            #expect(server.count(of: "HEAD") <= 2)
        }
    }

    @Test(
        "errors that pass are waited out: the write succeeds, and its bytes are right",
        arguments: Kind.allCases,
        [
            FaultServer.Fault.status(500), .status(502), .status(503, headers: [("Retry-After", "0")]), .status(429),
            .cut, .lostAnswer,
        ])
    func passing(_ kind: Kind, _ fault: FaultServer.Fault) async throws {
        try await with(kind) { server, store in
            server.inject(fault, into: "PUT", times: 2)
            let location = try await BlobStoreContract.push(bytes, to: store)
            #expect(server.count(of: "PUT") == 3)
            server.inject(fault, into: "GET", times: 2)
            #expect(try await BlobStoreContract.content(of: location, in: store) == bytes)
        }
    }

    @Test("a store that says nothing is asked again, on another connection", arguments: Kind.allCases)
    func silent(_ kind: Kind) async throws {
        try await with(kind, patience: .seconds(2)) { server, store in
            server.inject(.silence, into: "PUT", times: 1)
            let location = try await BlobStoreContract.push(bytes, to: store)
            #expect(server.count(of: "PUT") >= 2)
            server.inject(.silence, into: "GET", times: 1)
            #expect(try await BlobStoreContract.content(of: location, in: store) == bytes)
        }
    }

    @Test("errors that do not pass end in an error, after a few tries", arguments: Kind.allCases)
    func lasting(_ kind: Kind) async throws {
        try await with(kind) { server, store in
            server.inject(.status(503), into: "PUT", times: 100)
            await #expect(throws: BlobStorageError.self) { _ = try await BlobStoreContract.push(bytes, to: store) }
            #expect(server.count(of: "PUT") == 4)
        }
    }

    @Test("a part whose write failed is poisoned", arguments: Kind.allCases)
    func poisoned(_ kind: Kind) async throws {
        try await with(kind) { server, store in
            let writer = try await store.beginPart(1, of: UploadPlan(base: store.newBase()), at: 0)
            try await writer.write(ByteBuffer(string: "bytes"))
            server.inject(.status(403), into: "PUT")
            await #expect(throws: BlobStorageError.self) { _ = try await writer.seal() }
            await #expect(throws: BlobStorageError.self) { _ = try await writer.seal() }
            await #expect(throws: BlobStorageError.self) { try await writer.write(ByteBuffer(string: "more")) }
            await #expect(throws: BlobStorageError.self) { _ = try await writer.publish() }
            await writer.abandon()
            #expect(server.count(of: "PUT") == 1)
        }
    }

    @Test("an answer cut short goes on where it broke", arguments: Kind.allCases)
    func truncated(_ kind: Kind) async throws {
        try await with(kind) { server, store in
            let location = try await BlobStoreContract.push(bytes, to: store)
            server.inject(.truncated(100_000), into: "GET", times: 2)
            #expect(try await BlobStoreContract.content(of: location, in: store) == bytes)
            #expect(server.count(of: "GET") >= 3)
        }
    }

    @Test("an answer that never gets on is an error, not a shorter blob", arguments: Kind.allCases)
    func stuck(_ kind: Kind) async throws {
        try await with(kind) { server, store in
            let location = try await BlobStoreContract.push(bytes, to: store)
            server.inject(.truncated(0), into: "GET", times: 100)
            await #expect(throws: BlobStorageError.self) {
                _ = try await BlobStoreContract.content(of: location, in: store)
            }
        }
    }

    @Test("a wrong byte is found by the digest", arguments: Kind.allCases)
    func wrongByte(_ kind: Kind) async throws {
        try await with(kind) { server, store in
            let location = try await BlobStoreContract.push(bytes, to: store)
            #expect(try await store.digest(of: location, .sha256) == .sha256(of: bytes))
            server.inject(.wrongByte, into: "GET")
            #expect(try await store.digest(of: location, .sha256) != .sha256(of: bytes))
        }
    }

    @Test("a store that gives another size than the rows say is not believed", arguments: Kind.allCases)
    func wrongSize(_ kind: Kind) async throws {
        try await with(kind) { server, store in
            var plan = UploadPlan(base: store.newBase())
            try await BlobStoreContract.append(bytes, to: &plan, as: 1, in: store)
            plan.parts[0].length += 1
            let longer = plan
            await #expect(throws: BlobStorageError.self) {
                _ = try await store.assemble(longer, asNumber: 2, hashing: nil)
            }
            server.inject(.status(200, body: "x"), into: "HEAD", times: 9)
            plan.parts[0].length -= 1
            let right = plan
            await #expect(throws: BlobStorageError.self) {
                _ = try await store.assemble(right, asNumber: 3, hashing: nil)
            }
        }
    }

    @Test("a token that is not taken any more is renewed once, and the request goes on")
    func renewal() async throws {
        try await with(.swift) { server, store in
            _ = try await BlobStoreContract.push([1], to: store)
            server.inject(.status(401), into: "PUT")
            _ = try await BlobStoreContract.push([2], to: store)
            #expect(server.requests.filter { $0.uri.hasPrefix("/auth") }.count == 2)
            server.inject(.status(401), into: "PUT", times: 2)
            let error = await #expect(throws: BlobStorageError.self) {
                _ = try await BlobStoreContract.push([3], to: store)
            }
            guard case .refused = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("who stops reading stops the store: no more than a little is fetched ahead", arguments: Kind.allCases)
    func backPressure(_ kind: Kind) async throws {
        try await with(kind) { _, store in
            let location = try await BlobStoreContract.push(TestBlob.random(8 << 20).bytes, to: store)
            let reader = try await store.open(location)
            let piece = try await reader.read(at: 0, upTo: 1_000)
            #expect(piece.readableBytes == 1_000)
            await reader.close()
            await #expect(throws: BlobStorageError.self) { _ = try await reader.read(at: 1_000, upTo: 1) }
        }
    }
}
