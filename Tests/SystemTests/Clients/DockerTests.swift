// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension Clients {
    /// The docker command with a throw-away dockerd.
    ///
    /// dockerd trusts every registry on a loopback address: over HTTPS it speaks TLS here but checks no certificate.
    @Suite("docker", .serialized, .client("docker", "dockerd"), .clientServers, .docker) struct DockerTests {
        let stage: Stage
        let docker: Docker
        init() throws {
            stage = try .current
            docker = try #require(Docker.shared)
        }

        @Test("docker · login", arguments: Transport.allCases)
        func login(_ transport: Transport) async throws {
            let output = try await docker.login(stage.endpoint(transport))
            #expect(output.contains("Login Succeeded"))
        }

        @Test("docker · login wrong", arguments: Transport.allCases)
        func wrongLogin(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let result = try await docker.tool.run(
                ["login", "-u", "admin", "--password-stdin", endpoint.host], input: "wrong")
            #expect(result.status != 0)
            // After a refusal over TLS dockerd tries plain HTTP, as for any registry on loopback, and reports that instead.
            #expect(transport == .https || result.errors.lowercased().contains("unauthorized"), "\(result)")
        }

        @Test("docker · push", arguments: Transport.allCases)
        func push(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let repository = endpoint.repository()
            let names = ["v1", "v2"].map { "\(endpoint.host)/\(repository):\($0)" }
            var tar = TarArchive()
            tar.add("hello", TestBlob.random(3_000).bytes)
            let file = "\(stage.folder)/import-\(transport).tar"
            try Data(tar.archive).write(to: URL(fileURLWithPath: file))
            try await docker.tool.check(["import", file, names[0]])
            try await docker.tool.check(["tag", names[0], names[1]])
            try await docker.tool.check(["push", "--all-tags", "\(endpoint.host)/\(repository)"])
            for tag in ["v1", "v2"] {
                #expect(try await endpoint.manifest(repository, tag)["content-type"] == TestMediaType.dockerManifest)
            }
        }

        @Test("docker · pull", arguments: Transport.allCases)
        func pull(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            for image in [TestImage.make(), TestImage.make(docker: true)] {
                let repository = endpoint.repository()
                try await endpoint.client.push(image, to: repository, at: "v1")
                for reference in [":v1", "@\(image.manifest.digest)"] {
                    let output = try await docker.tool.check(["pull", "\(endpoint.host)/\(repository)\(reference)"])
                    #expect(output.contains(image.manifest.digest))
                }
            }
        }

        @Test("docker · list", arguments: Transport.allCases)
        func list(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let repository = endpoint.repository()
            for tag in ["v1", "v2", "v3"] { try await endpoint.client.push(TestImage.make(), to: repository, at: tag) }
            let output = try await docker.tool.check(["pull", "--all-tags", "\(endpoint.host)/\(repository)"])
            for tag in ["v1", "v2", "v3"] { #expect(output.contains("\(tag): Pulling from \(repository)")) }
        }

        @Test("docker · mount", arguments: Transport.allCases)
        func mount(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            try await endpoint.client.push(TestImage.make(), to: source, at: "v1")
            let (from, to) = ("\(endpoint.host)/\(source):v1", "\(endpoint.host)/\(target):v1")
            try await docker.tool.check(["pull", from])
            try await docker.tool.check(["tag", from, to])
            let output = try await docker.tool.check(["push", to])
            #expect(output.contains("Mounted from \(source)"), "\(output)")
        }

        @Test("docker · copy", arguments: Transport.allCases)
        func copy(_ transport: Transport) async throws {
            let (from, to) = (try await ready(transport), try await ready(transport == .http ? .https : .http))
            let (source, target) = (from.repository(), to.repository())
            try await from.client.push(TestImage.make(docker: true), to: source, at: "v1")
            let (first, second) = ("\(from.host)/\(source):v1", "\(to.host)/\(target):v1")
            try await docker.tool.check(["pull", first])
            try await docker.tool.check(["tag", first, second])
            try await docker.tool.check(["push", second])
            #expect(try await to.manifest(target, "v1").status == 200)
        }

        @Test("docker · multi-arch index", arguments: Transport.allCases)
        func index(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let repository = endpoint.repository()
            let list = "\(endpoint.host)/\(repository):multi"
            var members: [String] = []
            for architecture in ["amd64", "arm64"] {
                let image = TestImage.make(platform: architecture, docker: true)
                try await endpoint.client.push(image, to: repository, at: architecture)
                members.append("\(endpoint.host)/\(repository):\(architecture)")
            }
            let insecure = ["--insecure"]
            switch transport {
            case .http:
                try await docker.tool.check(["manifest", "create"] + insecure + [list] + members)
                try await docker.tool.check(["manifest", "push"] + insecure + [list])
            case .https:
                // `docker manifest push` always speaks plain HTTP to registries on loopback.
                let images = ["amd64", "arm64"].map { TestImage.make(platform: $0, docker: true) }
                for image in images { try await endpoint.client.push(image, to: repository) }
                let list = TestImage.index(of: images, docker: true)
                #expect(
                    try await endpoint.client.put(list, TestMediaType.dockerList, to: repository, at: "multi").status
                        == 201)
            }
            let stored = try await endpoint.manifest(repository, "multi")
            #expect(stored["content-type"] == TestMediaType.dockerList)
            #expect((stored.json?["manifests"] as? [Any])?.count == 2)
            let shown = try await docker.tool.check(["manifest", "inspect"] + insecure + [list])
            #expect(shown.contains("arm64"))
            try await docker.tool.check(["pull", list])
        }

        private func ready(_ transport: Transport) async throws -> Endpoint {
            let endpoint = stage.endpoint(transport)
            try await docker.login(endpoint)
            return endpoint
        }
    }
}

/// A throw-away dockerd for a suite.
struct DockerTrait: SuiteTrait, TestScoping {
    var isRecursive: Bool { false }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let docker = try await Docker(folder)
            do {
                try await Docker.$shared.withValue(docker) { try await function() }
                try await docker.daemon.stop()
            } catch {
                try await docker.daemon.stop()
                throw error
            }
        }
    }
}

extension Trait where Self == DockerTrait {
    static var docker: Self { DockerTrait() }
}

/// dockerd with its own folders and socket, and the command that talks to it.
struct Docker: Sendable {
    @TaskLocal static var shared: Docker?
    let tool: Tool
    let daemon: BackgroundProcess

    init(_ folder: String) async throws {
        let configuration = """
            {"iptables": false, "ip6tables": false, "bridge": "none", "data-root": "\(folder)/data",
             "exec-root": "\(folder)/exec", "pidfile": "\(folder)/dockerd.pid",
             "hosts": ["unix://\(folder)/docker.sock"],
             "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024}}}

            """
        try configuration.write(toFile: "\(folder)/daemon.json", atomically: true, encoding: .utf8)
        tool = Tool(
            "docker", environment: ["DOCKER_HOST": "unix://\(folder)/docker.sock", "DOCKER_CONFIG": "\(folder)/config"])
        let daemon = try await BackgroundProcess(
            Tool("dockerd"), ["--config-file", "\(folder)/daemon.json"], logPath: "\(folder)/log")
        self.daemon = daemon
        let command = tool
        let ready = try await eventually(within: .seconds(60), every: .milliseconds(200)) {
            guard daemon.isRunning else { throw ToolFailure(what: "dockerd ended: \(daemon.log.suffix(3_000))") }
            return try await command.run(["version"]).status == 0
        }
        guard ready else {
            try await daemon.kill()
            throw ToolFailure(what: "dockerd is not ready: \(daemon.log.suffix(3_000))")
        }
    }

    @discardableResult
    func login(_ endpoint: Endpoint) async throws -> String {
        try await tool.check(["login", "-u", "admin", "--password-stdin", endpoint.host], input: endpoint.password)
    }
}
