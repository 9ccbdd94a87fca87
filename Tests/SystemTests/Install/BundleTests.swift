// SPDX-License-Identifier: Apache-2.0
import Foundation
import SQLStorage
import TestKit
import Testing

/// `haven cluster bundle`, and the node that is made of it.
@Suite("haven cluster bundle", .timeLimit(.minutes(5)))
struct BundleTests {
    private static let passphrase = "correct horse battery staple"

    private func withFirstNode(
        _ more: [String: String] = [:], _ body: (_ folder: String, _ node: Unpacked) async throws -> Void
    ) async throws {
        try await SoundPostgreSQL.with { database in
            try await withTemporaryFolder { folder in
                var settings = database
                settings["registry_storage_provider_config"] = "rootdirectory: \(folder)/shared"
                settings["node_name"] = "node1"
                settings["drain_delay"] = "0s"
                settings.merge(more) { $1 }
                let node = try await Unpacked(host: "\(folder)/host1", settings: settings)
                let result = try await node.install("--ha")
                try #require(result.status == 0, "\(result)")
                try await body(folder, node)
            }
        }
    }

    private func bundle(_ node: Unpacked, _ arguments: String..., input: String = "") async throws -> ToolResult {
        try await Tool(node.program, workingFolder: node.host).run(
            ["cluster", "bundle", "--config", "\(node.prefix)/etc/haven/haven.cfg"] + arguments, input: input)
    }

    /// Unpacks as the guide says, and gives the second host ports and a data folder of its own.
    private func unpack(_ tar: String, at host: String) async throws -> Unpacked {
        let node = try await Unpacked(host: host, settings: [:])
        try FileManager.default.removeItem(atPath: node.source)
        try await Tool("tar", workingFolder: host).check("-xf", tar)
        let file = "\(node.source)/haven.cfg"
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("http_port") && !$0.hasPrefix("data_volume") }
        let own = ["http_port = \(node.port)", "data_volume = \(host)/data", "node_name = node2"]
        try (lines.map(String.init) + own).joined(separator: "\n").write(
            toFile: file, atomically: true, encoding: .utf8)
        return node
    }

    @Test("a second node is installed from it, joins, and serves what the first one has")
    func joins() async throws {
        try await withFirstNode { folder, first in
            let packed = try await bundle(first)
            #expect(packed.status == 0, "\(packed)")
            let tar = "\(first.host)/haven_ha.tar"
            #expect(try await Tool("stat").check("-c", "%a", tar) == "600\n")
            let names = try await Tool("tar").check("-tf", tar)
            for name in ["haven/haven", "haven/install.sh", "haven/haven.cfg", "haven/secretkey"] {
                #expect(names.contains(name + "\n"), "\(name)")
            }
            let second = try await unpack(tar, at: "\(folder)/host2")
            #expect(
                !(try String(contentsOfFile: "\(second.source)/haven.cfg", encoding: .utf8)).hasPrefix(
                    "node_name = node1"))
            let script = try await Tool("\(second.source)/install.sh", workingFolder: second.host)
                .run(["--ha", "--prefix", second.prefix, "--no-start"])
            #expect(script.status == 0 && !script.output.contains("fill the database"), "\(script)")

            let running = [try await first.start(), try await second.start()]
            let line = Tool(second.program, workingFolder: second.host)
            let isSeen = try await eventually(within: .seconds(20)) {
                let list = try await line.check("node", "list", "--config", "\(second.prefix)/etc/haven/haven.cfg")
                return list.contains("node1") && list.contains("node2")
            }
            #expect(isSeen)
            for process in running { #expect(try await process.stop() == 0) }
        }
    }

    @Test("certificates and authorities come along, and are looked at before they are in their places")
    func files() async throws {
        try await withTemporaryFolder { tls in
            let pair = try await TestCertificates(in: tls)
            try await withRedis(RedisServer.Options(certificates: pair)) { redis in
                let port = try freePort()
                let settings = [
                    "https_port": "\(port)", "ssl_cert": pair.certificate, "ssl_cert_key": pair.key,
                    "redis_url": "127.0.0.1:\(redis.port)", "redis_tls": "on", "redis_ca_file": pair.authority,
                ]
                try await withFirstNode(settings) { folder, first in
                    #expect(try await bundle(first).status == 0)
                    let second = try await unpack("\(first.host)/haven_ha.tar", at: "\(folder)/host2")
                    // As on another host, where they are not yet.
                    try FileManager.default.removeItem(atPath: tls)
                    let dry = try await second.install("--ha", "--dry-run")
                    #expect(dry.status == 0 && !FileManager.default.fileExists(atPath: tls), "\(dry)")
                    let result = try await second.install("--ha")
                    #expect(result.status == 0, "\(result)")
                    for file in [pair.certificate, pair.key, pair.authority] {
                        #expect(try await Tool("stat").check("-c", "%a", file) == "600\n", "\(file)")
                    }
                    #expect(try await second.install("--ha").output.contains("nothing to change"))
                }
            }
        }
    }

    @Test("with a passphrase it is encrypted, and opens with that one only")
    func encrypted() async throws {
        try await withFirstNode { _, node in
            let refused = try await bundle(node, "--passphrase-stdin", input: "short\n")
            #expect(refused.status == 1 && refused.errors.contains("at least 12 characters"), "\(refused)")
            let packed = try await bundle(node, "--passphrase-stdin", input: Self.passphrase + "\n")
            #expect(packed.status == 0, "\(packed)")
            let files = try FileManager.default.contentsOfDirectory(atPath: node.host)
            #expect(files.contains("haven_ha.tar.enc") && !files.contains("haven_ha.tar"), "\(files)")
            let line = Tool(node.program, workingFolder: node.host)
            let open = ["cluster", "unbundle", "haven_ha.tar.enc", "--passphrase-stdin"]
            let wrong = try await line.run(open, input: "correct horse battery stable\n")
            #expect(wrong.status == 1 && wrong.errors.contains("passphrase is wrong"), "\(wrong)")
            #expect(!FileManager.default.fileExists(atPath: "\(node.host)/haven_ha.tar"))
            try await line.check(open, input: Self.passphrase + "\n")
            #expect(try await Tool("tar").check("-tf", "\(node.host)/haven_ha.tar").contains("haven/secretkey"))
        }
    }

    @Test("a node with other secrets, or with none, is refused and told what to do")
    func otherSecrets() async throws {
        try await withFirstNode { folder, first in
            #expect(try await bundle(first).status == 0)
            let second = try await unpack("\(first.host)/haven_ha.tar", at: "\(folder)/host2")
            let key = "\(second.source)/secretkey"
            try "another secret of enough bytes".write(toFile: key, atomically: true, encoding: .utf8)
            let before = try await second.picture()
            let other = try await second.install("--ha")
            #expect(
                other.status == 1 && other.output.contains("secretkey_path: the secretkey of this host is another"),
                "\(other)")
            try FileManager.default.removeItem(atPath: key)
            let none = try await second.install("--ha")
            #expect(none.status == 1 && none.output.contains("haven cluster bundle"), "\(none)")
            let after = try await second.picture()
            #expect(
                after == before.split(separator: "\n").filter { !$0.contains("secretkey") }.joined(separator: "\n")
                    || !after.contains("prefix"))
        }
    }
}
