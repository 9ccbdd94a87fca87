// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import Logging
import TestKit

/// Stores over a vendor's service, for tests.
enum VendorStores {
    /// Retries without long pauses.
    static let quick: TransportOptions = {
        var options = TransportOptions()
        options.rules = RetryRules(
            attempts: 5, firstPause: .milliseconds(5), longestPause: .milliseconds(40), patience: .seconds(60),
            total: .seconds(120))
        return options
    }()

    static let logger = Logger(label: "test")

    /// Two handles on one empty storage.
    ///
    /// - Parameter service: Called twice; `root` is the name of a folder that nobody else uses.
    static func withSubject(
        _ service: (_ root: String) throws -> any ObjectService,
        check: (BlobStoreContract.Subject) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let root = "tests/" + folder.split(separator: "/").joined(separator: "-")
            let here = CloudBlobStore(try service(root), spool: try await Spool.open(folder: folder))
            let there = CloudBlobStore(try service(root), spool: try await Spool.open(folder: folder))
            let subject = BlobStoreContract.Subject(
                here: here, there: there, keepsWhatIsRead: false, knowsUsedNames: false)
            let result: Result<Void, any Error>
            do { result = .success(try await check(subject)) } catch { result = .failure(error) }
            await here.close()
            await there.close()
            try result.get()
        }
    }

    /// A network that loses every seventh answer: to a request that changes something after the work was done, to any other
    /// the second half. It never fails a request twice, and lets clients without a key of their own be. More than that would
    /// spend the budget of repetitions, which is there so that a store in trouble is not asked ever more.
    static func lossy() -> @Sendable (DoubleRequest) -> DoubleServer.Fault? {
        let seen = SeenRequests()
        return { request in
            let isDriver = !request.header("Authorization").isEmpty || request.item("upload_id") != nil
            guard isDriver, seen.isSeventh(), seen.isFirst(request) else { return nil }
            return request.method == "GET" ? .cutBody : request.method == "HEAD" ? .cut : .loseAnswer
        }
    }
}
