// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import TestKit
import Testing

extension ObjectStores {
    @Suite("the contract of blob stores, on Google Cloud Storage", .serialized)
    struct GCSContractTests {
        @Test("fake-gcs-server", arguments: BlobStoreContract.clauses)
        func fakeGCS(_ clause: BlobStoreContract.Item) async throws {
            try await withGCS(.fakeGCS) { _, subject in try await clause.check(subject) }
        }

        @Test("fake-gcs-server, when answers get lost", arguments: BlobStoreContract.clauses)
        func lossy(_ clause: BlobStoreContract.Item) async throws {
            try await withGCS(.fakeGCS) { front, subject in
                front.server.fail(VendorStores.lossy())
                try await clause.check(subject)
            }
        }
    }
}

/// A front of its own before an emulator that all tests share, and two stores with small parts.
func withGCS(
    _ program: GoogleEmulator.Program = .fakeGCS,
    _ body: (_ front: GoogleFront, _ subject: BlobStoreContract.Subject) async throws -> Void
) async throws {
    let emulator = try await GoogleEmulator.shared(program)
    let front = try await GoogleFront.start(before: emulator)
    let result: Result<Void, any Error>
    do {
        try await withTemporaryFolder { folder in
            let keyFile = try front.writeKeyFile(in: folder)
            try await VendorStores.withSubject { root in
                try GCSService(
                    emulator.options(front, keyFile: keyFile, root: root), VendorStores.quick,
                    logger: VendorStores.logger)
            } check: {
                try await body(front, $0)
            }
        }
        result = .success(())
    } catch { result = .failure(error) }
    await front.stop()
    try result.get()
}

extension GoogleEmulator {
    /// The driver's options for this emulator behind a front.
    func options(_ front: GoogleFront, keyFile: String, root: String) -> GCSOptions {
        var reader = OptionReader([
            "bucket": bucket, "keyfile": keyFile, "endpoint": front.endpoint, "rootdirectory": root,
            "chunksize": "262144",
        ])
        var options = GCSOptions(&reader)
        options.partBytes = 262_144
        #expect(reader.faults() == [])
        return options
    }
}
