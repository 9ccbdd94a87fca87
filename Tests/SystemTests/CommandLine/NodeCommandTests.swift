// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// `haven node`, `haven token`, and the nodes in the health API.
@Suite struct NodeCommandTests {
    private func nodes(_ haven: HavenProcess) async throws -> [[String: Any]] {
        let printed = try await haven.command("node", "list", "-o", "json")
        return try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [[String: Any]] ?? []
    }

    @Test("a node shows itself, says that it stopped, is gone when it was killed, and comes back as another")
    func list() async throws {
        try await withHaven(settings: ["node_name": "first", "heartbeat_interval": "200ms"]) { haven in
            let first = try await nodes(haven)
            #expect(first.count == 1)
            #expect(first[0]["name"] as? String == "first")
            #expect(first[0]["state"] as? String == "serving")
            #expect(first[0]["address"] as? String == haven.host)
            #expect((first[0]["version"] as? String)?.isEmpty == false)
            #expect((first[0]["since"] as? String)?.hasSuffix("Z") == true)
            let table = try await haven.command("node", "list")
            #expect(table.hasPrefix("NAME") && table.contains("serving"))

            try await haven.stop()
            #expect(try await nodes(haven).map { $0["state"] as? String } == ["stopped"])
            try await haven.start()
            try await haven.kill()
            let isGone = try await eventually {
                Set(try await nodes(haven).compactMap { $0["state"] as? String }) == ["stopped", "gone"]
            }
            #expect(isGone)
            try await haven.start()
            let states = try await nodes(haven).compactMap { $0["state"] as? String }
            #expect(states.sorted() == ["gone", "serving", "stopped"])
        }
    }

    @Test("the health API shows the nodes, and where they are only to who has an account")
    func health() async throws {
        try await withHaven(settings: ["node_name": "first"]) { haven in
            let stranger = RegistryClient.Authorization.verbatim("Basic bm9ib2R5Om5vdGhpbmc=")
            for (authorization, isFull) in [
                (RegistryClient.Authorization.none, false), (.basic, true), (stranger, false),
            ] {
                let isThere = try await eventually {
                    let answer = try await haven.client.send("GET", "/api/v2.0/health", as: authorization)
                    let node = (answer.json?["nodes"] as? [[String: Any]])?.first
                    return answer.status == 200 && node?["name"] as? String == "first"
                        && node?["state"] as? String == "serving" && node?["since"] != nil
                        && (node?["address"] as? String == haven.host) == isFull && (node?["version"] != nil) == isFull
                }
                #expect(isThere)
            }
        }
    }

    @Test("a new key for tokens interrupts nobody, and a running server uses it")
    func rotate() async throws {
        try await withHaven { haven in
            let client = haven.client
            let token = try #require(try await client.token(scopes: ["repository:library/app:pull"]).json?["token"])
            let printed = try await haven.command("token", "rotate")
            #expect(printed.contains("was made; it signs"))
            let keys = try await haven.command("token", "keys")
            #expect(keys.contains("verifies until"))
            let new = try await client.token(scopes: ["repository:library/app:pull"]).json?["token"]
            for token in [token, try #require(new)] {
                let answer = try await client.send("GET", "/v2/", as: .verbatim("Bearer \(token)"))
                #expect(answer.status == 200)
            }
        }
    }

    @Test("of many that start at once on an empty folder one makes the first rows, and all work on them")
    func together() async throws {
        try await withTemporaryFolder { folder in
            let line = CommandLine(folder: folder)
            let results = try await withThrowingTaskGroup(of: ToolResult.self) { group in
                for _ in 0..<6 { group.addTask { try await line.run("user", "list", "-o", "json") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for result in results {
                #expect(result.status == 0, "\(result)")
                #expect(result.output.contains(#""name":"admin""#))
            }
            #expect(results.filter { $0.errors.contains("shown only now") }.count == 1)
            let keys = try await line.run("token", "keys", "-o", "json").output
            #expect(keys.components(separatedBy: #""id":"#).count == 2, "\(keys)")
        }
    }

    @Test("a server whose secret key is another than before does not start, and says what to do")
    func otherSecret() async throws {
        try await withHaven { haven in
            try await haven.stop()
            let file = "\(haven.dataVolume)/secretkey"
            let key = try String(contentsOfFile: file, encoding: .utf8)
            try "another secret of enough bytes".write(toFile: file, atomically: true, encoding: .utf8)
            await #expect(throws: ToolFailure.self) { try await haven.start() }
            #expect(haven.log.contains("secretkey_path"))
            try key.write(toFile: file, atomically: true, encoding: .utf8)
            try await haven.start()
        }
    }
}
