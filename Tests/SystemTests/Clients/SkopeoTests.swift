// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension Clients {
    @Suite("skopeo", .serialized, .client("skopeo"), .clientServers) struct SkopeoTests {
        let stage: Stage
        init() throws { stage = try .current }

        @Test("skopeo · login", arguments: Transport.allCases)
        func login(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let file = "\(stage.folder)/auth-\(transport)"
            try await skopeo(
                "login", ["--authfile", file, "-u", "admin", "-p", endpoint.password] + trust(endpoint), endpoint.host)
            let stored = try String(contentsOfFile: file, encoding: .utf8)
            #expect(stored.contains(endpoint.host))
        }

        @Test("skopeo · login wrong", arguments: Transport.allCases)
        func wrongLogin(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let result = try await Tool("skopeo").run(
                ["login", "--authfile", "\(stage.folder)/no", "-u", "admin", "-p", "wrong"] + trust(endpoint) + [
                    endpoint.host
                ])
            #expect(result.status != 0)
            #expect(result.errors.contains("invalid username/password"), "\(result)")
        }

        @Test("skopeo · push", arguments: Transport.allCases)
        func push(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            let (layout, image) = try layout()
            try await copy(
                ["--preserve-digests"] + destination(endpoint), "oci:\(layout):v1", docker(endpoint, repository, "v1"))
            #expect(try await endpoint.manifest(repository, "v1").body == image.manifest.bytes)
        }

        @Test("skopeo · pull", arguments: Transport.allCases)
        func pull(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            let image = TestImage.make()
            try await endpoint.client.push(image, to: repository, at: "v1")
            let folder = "\(stage.folder)/pull-\(transport)"
            try await copy(source(endpoint), docker(endpoint, repository, "v1"), "dir:\(folder)")
            let manifest = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/manifest.json"))
            #expect(Array(manifest) == image.manifest.bytes)
            for blob in image.blobs {
                let file = "\(folder)/\(blob.digest.dropFirst("sha256:".count))"
                #expect(try Array(Data(contentsOf: URL(fileURLWithPath: file))) == blob.bytes)
            }
        }

        @Test("skopeo · docker schema 2", arguments: Transport.allCases)
        func schema2(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            let (layout, _) = try layout()
            try await copy(
                ["--format", "v2s2"] + destination(endpoint), "oci:\(layout):v1", docker(endpoint, repository, "v1"))
            let stored = try await endpoint.manifest(repository, "v1")
            #expect(stored["content-type"] == TestMediaType.dockerManifest)
            let raw = try await skopeo(
                "inspect", ["--raw"] + access(endpoint), docker(endpoint, repository, "v1"))
            #expect(Array(raw.utf8) == stored.body)
        }

        @Test("skopeo · list", arguments: Transport.allCases)
        func list(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            let image = TestImage.make()
            for tag in ["v2", "v1", "latest"] { try await endpoint.client.push(image, to: repository, at: tag) }
            let output = try await skopeo(
                "list-tags", access(endpoint), "docker://\(endpoint.host)/\(repository)")
            let listed = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
            #expect(listed?["Tags"] as? [String] == ["latest", "v1", "v2"])
            let inspected = try await skopeo("inspect", access(endpoint), docker(endpoint, repository, "v1"))
            #expect(inspected.contains(image.manifest.digest))
        }

        @Test("skopeo · copy", arguments: Transport.allCases)
        func copyBetween(_ transport: Transport) async throws {
            let (from, to) = (stage.endpoint(transport), stage.endpoint(transport == .http ? .https : .http))
            let (source, target) = (from.repository(), to.repository())
            let image = TestImage.make()
            try await from.client.push(image, to: source, at: "v1")
            try await copy(
                self.source(from) + destination(to) + ["--preserve-digests"], docker(from, source, "v1"),
                docker(to, target, "v1"))
            #expect(try await to.manifest(target, "v1").body == image.manifest.bytes)
        }

        @Test("skopeo · sync", arguments: Transport.allCases)
        func sync(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            let image = TestImage.make()
            for tag in ["v1", "v2"] { try await endpoint.client.push(image, to: source, at: tag) }
            let folder = "\(stage.folder)/sync-\(transport)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try await Tool("skopeo").check(
                ["sync", "--src", "docker", "--dest", "dir"] + self.source(endpoint)
                    + ["\(endpoint.host)/\(source)", folder])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
            try await Tool("skopeo").check(
                ["sync", "--src", "dir", "--dest", "docker"] + destination(endpoint)
                    + [folder, "\(endpoint.host)/\(target)"])
            let synced = "\(target)/\(source.split(separator: "/").last ?? "")"
            for tag in ["v1", "v2"] {
                #expect(try await endpoint.manifest(synced, tag).body == image.manifest.bytes)
            }
        }

        @Test("skopeo · delete", arguments: Transport.allCases)
        func delete(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let repository = endpoint.repository()
            try await endpoint.client.push(TestImage.make(), to: repository, at: "v1")
            try await skopeo("delete", access(endpoint), docker(endpoint, repository, "v1"))
            #expect(try await endpoint.manifest(repository, "v1").status == 404)
        }

        @Test("skopeo · mount", arguments: Transport.allCases)
        func mount(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            let image = TestImage.make()
            try await endpoint.client.push(image, to: source, at: "v1")
            // skopeo mounts what it knows to be in the same registry, and it knows what it has read there.
            try await copy(
                self.source(endpoint), docker(endpoint, source, "v1"), "dir:\(stage.folder)/mount-\(transport)")
            let result = try await Tool("skopeo").run(
                ["--debug", "copy", "--preserve-digests"] + self.source(endpoint) + destination(endpoint) + [
                    docker(endpoint, source, "v1"), docker(endpoint, target, "v1"),
                ])
            #expect(result.status == 0, "\(result)")
            #expect(result.errors.contains("mount="), "\(result)")
            #expect(result.errors.components(separatedBy: "mount OK").count > image.layers.count, "\(result)")
            #expect(try await endpoint.manifest(target, "v1").body == image.manifest.bytes)
        }

        @Test("skopeo · multi-arch index", arguments: Transport.allCases)
        func index(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let (first, second) = (endpoint.repository(), endpoint.repository())
            let folder = "\(stage.folder)/index-\(transport)"
            let images = [TestImage.make(), TestImage.make(platform: "arm64")]
            try ImageLayout(folder).add(index: images, tag: "multi")
            try await copy(
                ["--all", "--preserve-digests"] + destination(endpoint), "oci:\(folder):multi",
                docker(endpoint, first, "multi"))
            #expect(try await endpoint.manifest(first, "multi").body == TestImage.index(of: images).bytes)
            try await copy(
                ["--all", "--preserve-digests"] + source(endpoint) + destination(endpoint),
                docker(endpoint, first, "multi"),
                docker(endpoint, second, "multi"))
            #expect(try await endpoint.manifest(second, "multi").body == TestImage.index(of: images).bytes)
            let arm = try await skopeo(
                "inspect", ["--config"] + access(endpoint),
                docker(endpoint, second, "multi"), before: ["--override-arch", "arm64"])
            #expect(arm.contains("arm64"))
        }

        @Test("skopeo · artifact with referrers", arguments: Transport.allCases)
        func artifact(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let (source, target) = (endpoint.repository(), endpoint.repository())
            let image = TestImage.make()
            let artifact = TestImage.artifact(
                type: "application/vnd.example.sbom", subject: image.manifest.descriptor(image.mediaType))
            try await endpoint.client.push(image, to: source, at: "v1")
            try await endpoint.client.push(artifact, to: source, at: "sbom")
            try await copy(
                ["--preserve-digests"] + self.source(endpoint) + destination(endpoint),
                docker(endpoint, source, "sbom"),
                docker(endpoint, target, "sbom"))
            let referrers = try await endpoint.client.send("GET", "/v2/\(target)/referrers/\(image.manifest.digest)")
            #expect(referrers.text.contains(artifact.manifest.digest))
        }

        /// An OCI layout in a new folder with one image tagged `v1`.
        private func layout() throws -> (folder: String, image: TestImage) {
            let folder = "\(stage.folder)/layout-\(UInt64.random(in: .min ... .max))"
            let image = TestImage.make()
            try ImageLayout(folder).add(image, tag: "v1")
            return (folder, image)
        }

        private func docker(_ endpoint: Endpoint, _ repository: String, _ tag: String) -> String {
            "docker://\(endpoint.host)/\(repository):\(tag)"
        }

        /// How to reach and trust `endpoint`; `prefix` says which end of a copy it is.
        private func trust(_ endpoint: Endpoint, _ prefix: String = "--") -> [String] {
            switch endpoint.transport {
            case .http: ["\(prefix)tls-verify=false"]
            case .https: ["\(prefix)cert-dir", endpoint.authority.folder]
            }
        }

        private func access(_ endpoint: Endpoint, _ prefix: String = "--") -> [String] {
            trust(endpoint, prefix) + ["\(prefix)creds", "admin:\(endpoint.password)"]
        }

        private func source(_ endpoint: Endpoint) -> [String] { access(endpoint, "--src-") }
        private func destination(_ endpoint: Endpoint) -> [String] { access(endpoint, "--dest-") }

        private func copy(_ options: [String], _ source: String, _ target: String) async throws {
            try await Tool("skopeo").check(["copy"] + options + [source, target])
        }

        @discardableResult
        private func skopeo(
            _ command: String, _ options: [String], _ target: String, before: [String] = []
        ) async throws -> String {
            try await Tool("skopeo").check(before + [command] + options + [target])
        }
    }
}
