// SPDX-License-Identifier: Apache-2.0
import Foundation
import SQLStorage
import TestKit
import Testing

/// Each mistake gives one message, which names the key and the remedy, shows no secret, and changes nothing: neither a file of
/// the host nor a table of the database.
@Suite("mistakes in the settings", .timeLimit(.minutes(10)))
struct MistakeTests {
    @Test("are refused by the installer, the doctor and the server alike", arguments: Mistake.refused)
    func refused(_ mistake: Mistake) async throws {
        try await check(mistake)
        try await Mistake.withWorld(.postgresql()) { world in
            let node = try await makeNode(world, try await mistake.settings(world))
            let before = try await Picture(world)
            for command in ["doctor", "serve"] {
                let result = try await Tool(HavenProcess.executable, workingFolder: node.host)
                    .run([command, "--config", "\(node.source)/haven.cfg"])
                expect(result, tells: mistake, status: 2)
            }
            #expect(try await Picture(world) == before)
        }
    }

    @Test("in one line are told with the key and the remedy", arguments: Mistake.inLines)
    func lines(_ mistake: Mistake) async throws { try await check(mistake) }

    @Test("about files, ports and keys are told with the key and the remedy", arguments: Mistake.aroundFiles)
    func files(_ mistake: Mistake) async throws { try await check(mistake) }

    @Test("about what a PostgreSQL holds are told", arguments: Mistake.inDatabase + Mistake.inPostgreSQL)
    func postgresql(_ mistake: Mistake) async throws { try await check(mistake) }

    @Test("about what a MariaDB holds are told", arguments: Mistake.inDatabase + Mistake.inMariaDB)
    func mariadb(_ mistake: Mistake) async throws { try await check(mistake, at: .mariadb()) }

    @Test("about object stores are told with the key", arguments: Mistake.atStores)
    func stores(_ mistake: Mistake) async throws { try await check(mistake) }

    @Test("a wrong password at Redis is told with the key and is never shown")
    func redis() async throws {
        try await withRedis(RedisServer.Options(password: "right-one")) { redis in
            let url = "127.0.0.1:\(redis.port),100,wrong-one"
            try await check(Mistake("redis_url", url, tells: "put it right or remove the line"))
        }
    }

    @Test("that a start meets end it with one message, and leave the database as it was", arguments: Mistake.atStart)
    func start(_ mistake: Mistake) async throws {
        try await Mistake.withWorld(.postgresql()) { world in
            let node = try await makeNode(world, try await mistake.settings(world))
            let before = try await world.tables()
            let result = try await Tool(HavenProcess.executable, workingFolder: node.host)
                .run(["serve", "--config", "\(node.source)/haven.cfg"], deadline: .seconds(60))
            let told = result.errors.split(separator: "\n").filter { $0.hasPrefix("haven: ") }
            #expect(result.status == 1 && told.count == 1, "\(result)")
            #expect(told.allSatisfy { $0.contains(mistake.key) && $0.contains(mistake.remedy) }, "\(result)")
            #expect(try await world.tables() == before)
        }
    }

    @Test("many at once are told together")
    func together() async throws {
        try await Mistake.withWorld(.postgresql()) { world in
            let wrong = ["hostname": "reg.mydomain.com", "redis_url": "127.0.0.1:1", "disk_reserve": "900T"]
            let told = Self.told(try await makeNode(world, wrong).install("--ha"))
            #expect(told.count == wrong.count, "\(told)")
            for key in wrong.keys { #expect(told.contains { $0.hasPrefix(key) }, "\(told)") }
        }
    }

    /// Installs for real, for what must not happen shall have its chance.
    private func check(_ mistake: Mistake, at server: Mistake.Server? = nil) async throws {
        let server = if let server { server } else { try await Mistake.Server.postgresql() }
        try await Mistake.withWorld(server) { world in
            let settings = try await mistake.settings(world)
            let node = try await makeNode(world, settings)
            let before = try await Picture(world)
            let result = try await node.install("--ha")
            expect(result, tells: mistake)
            #expect(try await Picture(world) == before)
            for secret in [settings["db_password"], settings["redis_url"].flatMap(Self.password), "wrong-secret"] {
                guard let secret else { continue }
                #expect(!result.output.contains(secret) && !result.errors.contains(secret), "shows a secret: \(result)")
            }
        }
    }

    /// The third part of Harbor's form of the address.
    private static func password(inAddress url: String) -> String? {
        let parts = url.split(separator: ",")
        return parts.count > 2 ? String(parts[2]) : nil
    }

    private func makeNode(_ world: Mistake.World, _ wrong: [String: String]) async throws -> Unpacked {
        try await Unpacked(host: world.folder + "/host", settings: world.settings.merging(wrong) { $1 })
    }

    private func expect(_ result: ToolResult, tells mistake: Mistake, status: Int? = nil) {
        let told = Self.told(result)
        #expect(told.count == 1, "one message: \(result)")
        let isSaid = told.contains { $0.hasPrefix(mistake.key) && $0.contains(mistake.remedy) }
        #expect(isSaid, "names \(mistake.key) and says: \(mistake.remedy)\n\(result)")
        #expect(status.map { $0 == result.status } ?? [1, 2].contains(result.status), "\(result)")
    }

    /// The faults that a command told, each beginning with what it is about.
    private static func told(_ result: ToolResult) -> [String] {
        let found = result.output.split(separator: "\n").filter { $0.hasPrefix("  fault: ") }
            .map { $0.dropFirst("  fault: ".count) }
        let refused = result.errors.split(separator: "\n").drop { !$0.hasSuffix("in the settings:") }.dropFirst()
            .map { $0.drop { $0 == " " } }
        return (found + refused).map(String.init)
    }
}

/// Everything that a mistake could change: files with their rights and digests, and the tables of the database.
private struct Picture: Equatable {
    let files: String
    let digests: String
    let tables: String

    init(_ world: Mistake.World) async throws {
        let find = Tool("find", workingFolder: world.folder)
        files = Self.sorted(try await find.check(".", "-printf", "%p %y %m %s\n"))
        digests = Self.sorted(try await find.check(".", "-type", "f", "-exec", "sha256sum", "{}", "+"))
        tables = try await world.tables()
    }

    private static func sorted(_ lines: String) -> String {
        lines.split(separator: "\n").sorted().joined(separator: "\n")
    }
}
