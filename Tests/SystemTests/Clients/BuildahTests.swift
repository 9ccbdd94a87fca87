// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension Clients {
    @Suite("buildah", .serialized, .client("buildah"), .clientServers) struct BuildahTests {
        let stage: Stage
        let tools: ContainersTools
        init() throws {
            stage = try .current
            tools = try ContainersTools("\(stage.folder)/buildah")
        }

        @Test("buildah · login", arguments: Transport.allCases)
        func login(_ transport: Transport) async throws {
            try await tools.login("buildah", stage.endpoint(transport))
        }

        @Test("buildah · login wrong", arguments: Transport.allCases)
        func wrongLogin(_ transport: Transport) async throws {
            try await tools.expectWrongLoginRefused("buildah", stage.endpoint(transport))
        }

        @Test("buildah · push", arguments: Transport.allCases)
        func push(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let repository = endpoint.repository()
            let name = "\(endpoint.host)/\(repository):v1"
            try await build(name, endpoint, from: "scratch")
            try await tools.check("buildah", ["push"] + tools.access(endpoint) + [name])
            let stored = try await endpoint.manifest(repository, "v1")
            #expect(stored.status == 200)
            #expect((stored.json?["layers"] as? [Any])?.count == 1)
        }

        @Test("buildah · pull", arguments: Transport.allCases)
        func pull(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let (base, built) = (endpoint.repository(), endpoint.repository())
            try await endpoint.client.push(TestImage.make(), to: base, at: "v1")
            let name = "\(endpoint.host)/\(built):v1"
            try await build(name, endpoint, from: "\(endpoint.host)/\(base):v1")
            try await tools.check("buildah", ["push"] + tools.access(endpoint) + [name])
            #expect((try await endpoint.manifest(built, "v1").json?["layers"] as? [Any])?.count == 3)
        }

        @Test("buildah · multi-arch index", arguments: Transport.allCases)
        func index(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let repository = endpoint.repository()
            let list = "\(endpoint.host)/\(repository):multi"
            try await tools.check("buildah", ["manifest", "create", list])
            for architecture in ["amd64", "arm64"] {
                let name = "\(endpoint.host)/\(repository):\(architecture)"
                try await build(name, endpoint, from: "scratch", architecture: architecture)
                try await tools.check("buildah", ["manifest", "add", list, "containers-storage:\(name)"])
            }
            try await tools.check(
                "buildah",
                ["manifest", "push", "--all", "--format", "oci"] + tools.access(endpoint) + [list, "docker://\(list)"])
            let stored = try await endpoint.manifest(repository, "multi")
            #expect(stored["content-type"] == TestMediaType.index)
            #expect((stored.json?["manifests"] as? [Any])?.count == 2)
        }

        private func ready(_ transport: Transport) async throws -> Endpoint {
            let endpoint = stage.endpoint(transport)
            try await tools.login("buildah", endpoint)
            return endpoint
        }

        /// Builds an image that adds one file to `base`.
        private func build(
            _ name: String, _ endpoint: Endpoint, from base: String, architecture: String = "amd64"
        ) async throws {
            let context = "\(tools.folder)/context-\(UInt64.random(in: .min ... .max))"
            try FileManager.default.createDirectory(atPath: context, withIntermediateDirectories: true)
            try Data(TestBlob.random(5_000).bytes).write(to: URL(fileURLWithPath: "\(context)/file"))
            try "FROM \(base)\nCOPY file /added\nENV HAVEN=1\n"
                .write(toFile: "\(context)/Containerfile", atomically: true, encoding: .utf8)
            try await tools.check(
                "buildah",
                ["bud", "--isolation", "chroot", "--arch", architecture] + tools.access(endpoint) + [
                    "-t", name, context,
                ])
        }
    }
}
