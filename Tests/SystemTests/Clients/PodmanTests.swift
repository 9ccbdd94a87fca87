// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension Clients {
    @Suite("podman", .serialized, .client("podman"), .clientServers) struct PodmanTests {
        let stage: Stage
        let tools: ContainersTools
        init() throws {
            stage = try .current
            tools = try ContainersTools("\(stage.folder)/podman")
        }

        @Test("podman · login", arguments: Transport.allCases)
        func login(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            try await tools.login("podman", endpoint)
            let user = try await tools.check(
                "podman",
                ["login", "--get-login", "--authfile", "\(tools.folder)/auth-\(transport).json", endpoint.host])
            #expect(user.contains("admin"))
        }

        @Test("podman · login wrong", arguments: Transport.allCases)
        func wrongLogin(_ transport: Transport) async throws {
            try await tools.expectWrongLoginRefused("podman", stage.endpoint(transport))
        }

        @Test("podman · push", arguments: Transport.allCases)
        func push(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            try await endpoint.client.push(TestImage.make(), to: source, at: "v1")
            let (from, to) = ("\(endpoint.host)/\(source):v1", "\(endpoint.host)/\(target):v1")
            try await podman("pull", endpoint, from)
            try await tools.check("podman", ["tag", from, to])
            try await podman("push", endpoint, to)
            let stored = try await endpoint.manifest(target, "v1")
            #expect(stored.status == 200)
            #expect((stored.json?["layers"] as? [Any])?.count == 2)
        }

        @Test("podman · pull", arguments: Transport.allCases)
        func pull(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let repository = endpoint.repository()
            let image = TestImage.make()
            try await endpoint.client.push(image, to: repository, at: "v1")
            for reference in [":v1", "@\(image.manifest.digest)"] {
                let name = "\(endpoint.host)/\(repository)\(reference)"
                try await podman("pull", endpoint, name)
                let digest = try await tools.check("podman", ["image", "inspect", "--format", "{{.Digest}}", name])
                #expect(digest.contains(image.manifest.digest))
            }
        }

        @Test("podman · list", arguments: Transport.allCases)
        func list(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let repository = endpoint.repository()
            for tag in ["v1", "v2"] { try await endpoint.client.push(TestImage.make(), to: repository, at: tag) }
            let name = "\(endpoint.host)/\(repository)"
            let tags = try await tools.search(["--list-tags", name], endpoint)
            #expect(tags.contains("v1") && tags.contains("v2"))
            let catalog = try await tools.search([name], endpoint)
            #expect(catalog.contains(name))
        }

        @Test("podman · mount", arguments: Transport.allCases)
        func mount(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            // Random content, so that podman knows these layers from nowhere else.
            try await endpoint.client.push(TestImage.make(), to: source, at: "v1")
            let (from, to) = ("\(endpoint.host)/\(source):v1", "\(endpoint.host)/\(target):v1")
            try await podman("pull", endpoint, from)
            try await tools.check("podman", ["tag", from, to])
            let result = try await tools.run(
                "podman", ["--log-level", "debug", "push"] + tools.access(endpoint) + [to])
            #expect(result.status == 0, "\(result)")
            #expect(result.errors.contains("mount="), "\(result)")
            #expect(try await endpoint.manifest(target, "v1").status == 200)
        }

        @Test("podman · multi-arch index", arguments: Transport.allCases)
        func index(_ transport: Transport) async throws {
            let endpoint = try await ready(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            let images = [TestImage.make(), TestImage.make(platform: "arm64")]
            try await endpoint.client.push(index: images, to: source, at: "multi")
            let list = "localhost/multi-\(transport):v1"
            try await tools.check("podman", ["manifest", "create", list])
            for image in images {
                try await tools.check(
                    "podman",
                    ["manifest", "add"] + tools.access(endpoint)
                        + [list, "docker://\(endpoint.host)/\(source)@\(image.manifest.digest)"])
            }
            try await tools.check(
                "podman",
                ["manifest", "push", "--all", "--format", "oci"] + tools.access(endpoint)
                    + [list, "docker://\(endpoint.host)/\(target):multi"])
            let stored = try await endpoint.manifest(target, "multi")
            #expect(stored["content-type"] == TestMediaType.index)
            #expect((stored.json?["manifests"] as? [Any])?.count == 2)
            try await podman("pull", endpoint, "\(endpoint.host)/\(target):multi")
        }

        private func ready(_ transport: Transport) async throws -> Endpoint {
            let endpoint = stage.endpoint(transport)
            try await tools.login("podman", endpoint)
            return endpoint
        }

        @discardableResult
        private func podman(_ command: String, _ endpoint: Endpoint, _ arguments: String...) async throws -> String {
            try await tools.check("podman", [command] + tools.access(endpoint) + arguments)
        }
    }
}
