// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import Logging
import TestKit
import Testing

@Suite("repeated calls")
struct RetryTests {
    @Test("pauses are spread over a bound that doubles, up to its limit")
    func pauses() {
        let rules = RetryRules(firstPause: .milliseconds(100), longestPause: .seconds(10))
        for (attempt, bound) in [(1, 100), (2, 200), (3, 400), (8, 10_000), (60, 10_000)] {
            let pauses = (0..<200).map { _ in rules.pause(after: attempt, asked: nil) }
            let isBounded = pauses.allSatisfy { $0 >= .zero && $0 <= .milliseconds(bound) }
            #expect(isBounded)
            #expect(Set(pauses).count > 100, "clients of one store must not come back together")
        }
    }

    @Test("a store that says when to come back is obeyed, within bounds")
    func asked() {
        let rules = RetryRules(longestPause: .seconds(10))
        for _ in 0..<100 {
            let pause = rules.pause(after: 1, asked: .seconds(3))
            #expect(pause >= .seconds(3) && pause <= .seconds(4))
            #expect(rules.pause(after: 1, asked: .seconds(3_000)) <= .seconds(11))
        }
    }

    @Test("a long body has longer than a short one, and none waits for ever")
    func patience() {
        let rules = RetryRules(patience: .seconds(60))
        #expect(rules.patience(for: 0) == .seconds(60))
        #expect(rules.patience(for: 16 << 20) == .seconds(60 + 128))
    }

    @Test("when everything fails, soon only first tries are left")
    func budget() async throws {
        try await FaultServer.with { server in
            var options = TransportOptions()
            options.rules = RetryRules(attempts: 50, firstPause: .microseconds(1), longestPause: .microseconds(1))
            let transport = try CloudTransport(options, logger: Logger(label: "test"))
            server.inject(.status(503), into: "GET", times: 10_000)
            for _ in 0..<20 {
                await #expect(throws: CloudFailure.self) {
                    _ = try await transport.send("test", wanted: [200]) { CloudRequest("GET", server.url + "/x") }
                }
            }
            // Without a bound they would be a thousand.
            #expect(server.count(of: "GET") == 20 + 100)
            await transport.close()
        }
    }

    @Test("a server that is not there is unreachable, and says which call met that")
    func nobody() async throws {
        var options = TransportOptions()
        options.rules = RetryRules(attempts: 2, firstPause: .milliseconds(1))
        let transport = try CloudTransport(options, logger: Logger(label: "test"))
        let port = try freePort()
        do {
            _ = try await transport.send("test", wanted: [200]) { CloudRequest("GET", "http://127.0.0.1:\(port)/") }
            Issue.record("somebody answered")
        } catch {
            guard case .unreachable(let text) = error.storageError("s3 get") else {
                Issue.record("\(error)")
                return
            }
            #expect(text.hasPrefix("s3 get: "))
        }
        await transport.close()
    }

    @Test("a bundle of authorities that is none is refused at once")
    func bundle() throws {
        var options = TransportOptions()
        options.authorities = "/proc/self/environ"
        #expect(throws: BlobStorageError.self) { _ = try CloudTransport(options, logger: Logger(label: "test")) }
    }

    @Test("what a store's answer means does not depend on the store")
    func meanings() {
        let cases: [(Int, String, BlobStorageError)] = [
            (404, "NoSuchKey", .notFound), (413, "", .full), (507, "", .full), (403, "QuotaExceeded", .full),
        ]
        for (status, code, meaning) in cases {
            #expect(CloudFailure.answered(status: status, code: code, message: "").storageError("x") == meaning)
        }
        for (status, code) in [(401, ""), (403, "AccessDenied"), (404, "NoSuchBucket"), (301, "PermanentRedirect")] {
            guard case .refused = CloudFailure.answered(status: status, code: code, message: "").storageError("x")
            else {
                Issue.record("\(status) \(code)")
                continue
            }
        }
    }
}
