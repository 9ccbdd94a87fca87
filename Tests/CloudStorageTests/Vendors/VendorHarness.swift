// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import TestKit

/// The three stores that are tested against doubles, each with what a test needs to disturb it.
enum Vendor: String, CaseIterable, Sendable {
    case azure, oss, gcs

    struct Harness: Sendable {
        /// What the driver talks to.
        let server: DoubleServer
        let subject: BlobStoreContract.Subject
        /// A store on a bucket or container that is not there.
        let astray: CloudBlobStore

        var store: any BlobStore { subject.here }

        /// Lets requests to the store fail; those for tokens never do.
        func fail(_ rule: @escaping @Sendable (DoubleRequest) -> DoubleServer.Fault?) {
            server.fail { $0.rawPath == "/token" ? nil : rule($0) }
        }

        /// The requests to the store since `count` of them.
        func requests(since count: Int = 0) -> [DoubleRequest.Line] {
            Array(server.requests.dropFirst(count)).filter { $0.target != "/token" }
        }
    }

    func with(_ body: (Harness) async throws -> Void) async throws {
        switch self {
        case .azure:
            try await withAzure { double, subject in
                var options = double.options(root: "astray")
                options.container = "missing"
                let service = try AzureService(options, VendorStores.quick, logger: VendorStores.logger)
                try await run(double.server, subject, service, body)
            }
        case .oss:
            try await withOSS { double, subject in
                var options = double.options(root: "astray")
                options.bucket = "missing"
                let service = try OSSService(options, VendorStores.quick, logger: VendorStores.logger)
                try await run(double.server, subject, service, body)
            }
        case .gcs:
            try await withGCS { front, subject in
                try await withTemporaryFolder { folder in
                    let emulator = try await GoogleEmulator.shared()
                    var options = emulator.options(front, keyFile: try front.writeKeyFile(in: folder), root: "astray")
                    options.bucket = "missing"
                    let service = try GCSService(options, VendorStores.quick, logger: VendorStores.logger)
                    try await run(front.server, subject, service, body)
                }
            }
        }
    }

    private func run(
        _ server: DoubleServer, _ subject: BlobStoreContract.Subject, _ astray: any ObjectService,
        _ body: (Harness) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let store = CloudBlobStore(astray, spool: try await Spool.open(folder: folder))
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(Harness(server: server, subject: subject, astray: store)))
            } catch { result = .failure(error) }
            await store.close()
            try result.get()
        }
    }
}
