// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// `haven node drain` and `undrain`, at two nodes on one PostgreSQL.
@Suite("haven node drain", .timeLimit(.minutes(5)))
struct DrainCommandTests {
    private func withTwoNodes(_ body: (HavenCluster) async throws -> Void) async throws {
        try await TestDatabase.postgresql.withServer { place in
            try await withTemporaryFolder { folder in
                var settings = place.settings()
                settings["registry_storage_provider_config"] = "rootdirectory: \(folder)/shared"
                try await withCluster(of: 2, on: settings, body)
            }
        }
    }

    private func health(_ node: HavenProcess) async throws -> Int {
        try await node.client.send("GET", "/healthz", as: .none).status
    }

    private func states(_ node: HavenProcess) async throws -> [String: String] {
        let printed = try await node.command("node", "list", "-o", "json")
        let rows = try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [[String: Any]] ?? []
        return Dictionary(rows.map { ($0["name"] as? String ?? "", $0["state"] as? String ?? "") }) { first, _ in first
        }
    }

    @Test("a drained node answers 404 to balancers, still serves, says that nothing runs on it, and comes back")
    func drainAndBack() async throws {
        try await withTwoNodes { cluster in
            let (first, second) = (cluster.nodes[0], cluster.nodes[1])
            let printed = try await second.command("node", "drain", "node1", "--timeout", "30")
            #expect(printed.contains("the node node1 is drained"), "\(printed)")
            #expect(try await health(first) == 404)
            #expect(try await health(second) == 200)
            #expect(try await first.client.send("GET", "/api/repositories/top", as: .none).status == 404)
            let answer = try await first.client.send("GET", "/v2/", as: .basic)
            #expect(answer.status == 200 && answer["connection"] == "close", "\(answer)")
            // A request that still came, as the ones above, makes it draining again until its next beat.
            let isShown = try await eventually(within: .seconds(10)) {
                try await states(second) == ["node1": "drained", "node2": "serving"]
            }
            #expect(isShown)

            try await first.stop()
            try await first.start(accepting: 404)
            let holds = try await eventually(within: .seconds(10)) { try await health(first) == 404 }
            #expect(holds, "the order holds over a start")

            try await second.command("node", "undrain", "node1")
            let isBack = try await eventually(within: .seconds(10)) { try await health(first) == 200 }
            #expect(isBack)
            #expect(try await states(second)["node1"] == "serving")
        }
    }

    @Test("a transfer that runs is waited for and ends whole; an upload that waits goes on at the other node")
    func transfers() async throws {
        try await withTwoNodes { cluster in
            let (first, second) = (cluster.nodes[0], cluster.nodes[1])
            // More than what two sockets keep, so that the server is still sending.
            let blob = TestBlob.random(40_000_000)
            try await first.client.push(blob, to: "library/app")
            let upload = try await first.client.beginUpload(to: "library/app")
            let half = Array(blob.bytes.prefix(1_000_000))
            let begun = try await first.client.send("PATCH", upload, body: half)
            #expect(begun.status == 202, "\(begun)")
            let location = try #require(begun["location"])

            let file = "\(first.folder)/pulled"
            let arguments = [
                "-fs", "--limit-rate", "6000k", "-u", "admin:\(first.adminPassword)", "-o", file,
                "\(first.url)/v2/library/app/blobs/\(blob.digest)",
            ]
            let curl = try await BackgroundProcess(Tool("curl"), arguments, logPath: "\(first.folder)/curl.log")
            let hasBegun = try await eventually { FileManager.default.fileExists(atPath: file) }
            #expect(hasBegun)
            // The client holds still for as long as this takes on a busy machine.
            curl.signal(SIGSTOP)
            let early = try? await second.command("node", "drain", "node1", "--timeout", "1")
            #expect(early == nil, "a transfer still runs")
            curl.signal(SIGCONT)
            #expect(try await second.command("node", "drain", "node1", "--timeout", "60").contains("is drained"))
            let isPulled = try await eventually(within: .seconds(60)) { !curl.isRunning }
            let status = try await curl.stop()
            #expect(isPulled && status == 0, "\(curl.log)")
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int == blob.size)

            let rest = Array(blob.bytes.dropFirst(half.count))
            let ended = try await second.client.send("PUT", location.adding("digest=\(blob.digest)"), body: rest)
            #expect(ended.status == 201, "\(ended)")
        }
    }

    @Test("a node that nobody knows, and one that was not drained, are told")
    func unknown() async throws {
        try await withHaven { haven in
            for (command, word) in [("drain", "there is no node nobody"), ("undrain", "was not told to drain")] {
                let result = try await Tool(HavenProcess.executable).run(
                    ["node", command, "nobody", "--config", "\(haven.folder)/haven.cfg"])
                #expect(result.status == 1 && result.errors.contains(word), "\(result)")
            }
        }
    }
}
