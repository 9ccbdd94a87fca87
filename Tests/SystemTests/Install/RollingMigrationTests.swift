// SPDX-License-Identifier: Apache-2.0
import Foundation
import Metadata
import SQLStorage
import Synchronization
import TestKit
import Testing

/// Schemas of two adjacent versions under load.
@Suite("a migration under load", .timeLimit(.minutes(5)))
struct RollingMigrationTests {
    private static let newest = [Migration].released.count

    @Test(
        "the schema goes one ahead while two nodes serve: no push and no pull fails, and a node starts on it again",
        arguments: [TestDatabase.postgresql, .mariadb])
    func expand(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            try await withTemporaryFolder { folder in
                var settings = place.settings(kind.rawValue)
                settings["registry_storage_provider_config"] = "rootdirectory: \(folder)/shared"
                try await withCluster(of: 2, on: settings) { cluster in
                    let load = Load()
                    let pushing = Task { await load.run(cluster) }
                    #expect(try await load.goesOn(5))
                    try await NextRelease.migrate(try kind.open(place))
                    try await cluster.nodes[1].command("node", "list")
                    #expect(try await load.goesOn(20))
                    load.end()
                    await pushing.value
                    #expect(load.failures == [])
                    try await cluster.nodes[1].stop()
                    try await cluster.nodes[1].start()
                    try await cluster.clients[1].push(TestImage.make(), to: "library/after", at: "1")
                    _ = try await cluster.nodes[0].verify()
                }
            }
        }
    }

    @Test("a database one migration behind is refused with the line to run, and served after it")
    func behind() async throws {
        try await TestDatabase.postgresql.withServer { place in
            try await withTemporaryFolder { folder in
                let lines = place.settings().merging(["data_volume": "\(folder)/data"]) { $1 }
                    .map { "\($0.key) = \($0.value)\n" }.joined()
                try lines.write(toFile: "\(folder)/haven.cfg", atomically: true, encoding: .utf8)
                let line = Tool(HavenProcess.executable, workingFolder: folder)
                let before = "\(Self.newest - 1)"
                try await line.check("db", "migrate", "--to", before)
                let refused = try await line.run(["user", "list"])
                #expect(refused.status == 1 && refused.errors.contains("haven db migrate"), "\(refused)")
                let back = try await line.run(["db", "migrate", "--to", "1"])
                #expect(back.status == 1 && back.errors.contains("migrations are not undone"), "\(back)")
                #expect(try await line.check("db", "migrate").contains("applied \(Self.newest)"))
                #expect(try await line.run(["user", "list"]).status == 0)
            }
        }
    }
}

/// Pushes at both nodes in turn, and pulls each image from the other one, until it is told to end.
private final class Load: Sendable {
    private let state = Mutex<(pushes: Int, failures: [String], isEnding: Bool)>((0, [], false))

    var failures: [String] { state.withLock { $0.failures } }

    /// Waits for that many more rounds.
    func goesOn(_ rounds: Int) async throws -> Bool {
        let goal = state.withLock { $0.pushes } + rounds
        return try await eventually(within: .seconds(120)) { state.withLock { $0.pushes } >= goal }
    }

    func end() { state.withLock { $0.isEnding = true } }

    func run(_ cluster: HavenCluster) async {
        var number = 0
        while !state.withLock({ $0.isEnding }) {
            let failure: String?
            do { failure = try await round(number, cluster) } catch { failure = "\(error)" }
            state.withLock { state in
                state.pushes += 1
                if let failure { state.failures.append(failure) }
            }
            number += 1
        }
    }

    /// - Returns: What failed.
    private func round(_ number: Int, _ cluster: HavenCluster) async throws -> String? {
        let (to, from) = (cluster.clients[number % 2], cluster.clients[(number + 1) % 2])
        let image = TestImage.make()
        try await to.push(image, to: "library/load", at: "v\(number)")
        let path = "/v2/library/load/manifests/v\(number)"
        let answer = try await from.send("GET", path, ["Accept": image.mediaType], as: .basic)
        return answer.status == 200 ? nil : "\(answer)"
    }
}
