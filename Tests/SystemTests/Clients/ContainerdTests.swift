// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension Clients {
    /// `ctr` with a containerd of its own for each test.
    @Suite("ctr", .serialized, .client("containerd", "ctr"), .clientServers) struct ContainerdTests {
        let stage: Stage
        init() throws { stage = try .current }

        @Test("ctr · login wrong", arguments: Transport.allCases)
        func wrongLogin(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            try await endpoint.client.push(TestImage.make(), to: repository, at: "v1")
            try await withContainerd { containerd in
                let result = try await containerd.run(
                    ["images", "pull"] + containerd.access(endpoint, password: "wrong")
                        + ["\(endpoint.host)/\(repository):v1"])
                #expect(result.status != 0)
                #expect(result.errors.contains("401"), "\(result)")
            }
        }

        @Test("ctr · login", arguments: Transport.allCases)
        func login(_ transport: Transport) async throws { try await roundTrip(transport) }

        @Test("ctr · pull", arguments: Transport.allCases)
        func pull(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            let image = TestImage.make()
            try await endpoint.client.push(image, to: repository, at: "v1")
            try await withContainerd { containerd in
                let name = "\(endpoint.host)/\(repository):v1"
                try await containerd.check(["images", "pull"] + containerd.access(endpoint) + [name])
                #expect(try await containerd.check(["images", "list"]).contains(image.manifest.digest))
                #expect(try await containerd.check(["content", "list"]).contains(image.layers[1].digest))
            }
        }

        @Test("ctr · push", arguments: Transport.allCases)
        func push(_ transport: Transport) async throws { try await roundTrip(transport) }

        @Test("ctr · mount", arguments: Transport.allCases)
        func mount(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            let image = TestImage.make()
            try await endpoint.client.push(image, to: source, at: "v1")
            try await withContainerd { containerd in
                let (from, to) = ("\(endpoint.host)/\(source):v1", "\(endpoint.host)/\(target):v1")
                try await containerd.check(["images", "pull"] + containerd.access(endpoint) + [from])
                try await containerd.check(["images", "tag", from, to])
                let result = try await containerd.run(
                    ["images", "push", "--http-trace"] + containerd.access(endpoint) + [to])
                #expect(result.status == 0, "\(result)")
            }
            #expect(try await endpoint.manifest(target, "v1").body == image.manifest.bytes)
        }

        @Test("ctr · multi-arch index", arguments: Transport.allCases)
        func index(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            let images = [TestImage.make(), TestImage.make(platform: "arm64")]
            let index = try await endpoint.client.push(index: images, to: source, at: "multi")
            try await withContainerd { containerd in
                let (from, to) = ("\(endpoint.host)/\(source):multi", "\(endpoint.host)/\(target):multi")
                try await containerd.check(
                    ["images", "pull", "--all-platforms"] + containerd.access(endpoint) + [from])
                try await containerd.check(["images", "tag", from, to])
                try await containerd.check(["images", "push"] + containerd.access(endpoint) + [to])
            }
            #expect(try await endpoint.manifest(target, "multi").body == index.bytes)
        }

        private func roundTrip(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            let image = TestImage.make()
            try await endpoint.client.push(image, to: source, at: "v1")
            try await withContainerd { containerd in
                let (from, to) = ("\(endpoint.host)/\(source):v1", "\(endpoint.host)/\(target):v1")
                try await containerd.check(["images", "pull"] + containerd.access(endpoint) + [from])
                try await containerd.check(["images", "tag", from, to])
                try await containerd.check(["images", "push"] + containerd.access(endpoint) + [to])
            }
            #expect(try await endpoint.manifest(target, "v1").body == image.manifest.bytes)
        }

        private func withContainerd(_ body: (Containerd) async throws -> Void) async throws {
            let folder = "\(stage.folder)/containerd-\(UInt32.random(in: .min ... .max))"
            let containerd = try await Containerd(folder)
            do {
                try await body(containerd)
                try await containerd.process.stop()
            } catch {
                try await containerd.process.stop()
                throw error
            }
        }
    }
}

/// A containerd with its own folders and socket, and `ctr` to talk to it.
struct Containerd: Sendable {
    let folder: String
    let process: BackgroundProcess

    init(_ folder: String) async throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try """
        version = 2
        root = "\(folder)/root"
        state = "\(folder)/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
          address = "\(folder)/c.sock"
        [ttrpc]
          address = "\(folder)/t.sock"

        """.write(toFile: "\(folder)/config.toml", atomically: true, encoding: .utf8)
        process = try await BackgroundProcess(
            Tool("containerd"), ["-c", "\(folder)/config.toml"], logPath: "\(folder)/log")
        let ready = try await eventually { try await run(["version"]).status == 0 }
        guard ready else { throw ToolFailure(what: "containerd is not ready: \(process.log.suffix(3_000))") }
    }

    func run(_ arguments: [String]) async throws -> ToolResult {
        try await Tool("ctr").run(["-a", "\(folder)/c.sock"] + arguments)
    }

    @discardableResult
    func check(_ arguments: [String]) async throws -> String {
        try await Tool("ctr").check(["-a", "\(folder)/c.sock"] + arguments)
    }

    /// How to reach and trust `endpoint`.
    func access(_ endpoint: Endpoint, password: String? = nil) throws -> [String] {
        let user = ["--user", "admin:\(password ?? endpoint.password)"]
        guard endpoint.transport == .https else { return ["--plain-http"] + user }
        let hosts = "\(folder)/hosts/\(endpoint.host)"
        try FileManager.default.createDirectory(atPath: hosts, withIntermediateDirectories: true)
        try """
        server = "\(endpoint.url)"
        [host."\(endpoint.url)"]
          capabilities = ["pull", "resolve", "push"]
          ca = "\(endpoint.authority.certificate)"

        """.write(toFile: "\(hosts)/hosts.toml", atomically: true, encoding: .utf8)
        return ["--hosts-dir", "\(folder)/hosts"] + user
    }
}
