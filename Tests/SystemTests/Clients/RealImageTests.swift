// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension Clients {
    /// An image with a whole root file system, made, carried and taken apart by the tools that people use.
    @Suite("real images", .serialized, .client("umoci", "skopeo", "podman", "debootstrap"), .clientServers)
    struct RealImageTests {
        static let alpine = AlpineRoot.archive(of: "3.20.3")

        let stage: Stage
        init() throws { stage = try .current }

        @Test(
            "an Alpine image made by umoci comes back file for file",
            .enabled(
                if: alpine != nil, "no Alpine root file system beside the package"),
            arguments: Transport.allCases)
        func roundTrip(_ transport: Transport) async throws {
            let alpine = try #require(Self.alpine)
            let endpoint = stage.endpoint(transport)
            let folder = "\(stage.folder)/alpine-\(transport)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let umoci = Tool("umoci", workingFolder: folder)
            try await Tool("sh", workingFolder: folder).check("-c", #"gzip -dc "$0" > rootfs.tar"#, alpine)
            try await umoci.check("init", "--layout", "made")
            try await umoci.check("new", "--image", "made:v1")
            // umoci writes manifests without a media type: the Content-Type of the push must be enough.
            try await umoci.check("raw", "add-layer", "--image", "made:v1", "rootfs.tar")
            try await umoci.check("config", "--image", "made:v1", "--config.cmd", "/bin/sh")

            let name = "docker://\(endpoint.host)/\(endpoint.repository()):v1"
            let skopeo = Tool("skopeo", workingFolder: folder)
            try await skopeo.check(
                ["copy", "--preserve-digests"] + access(endpoint, "--dest-") + ["oci:made:v1", name])
            try await skopeo.check(
                ["copy", "--preserve-digests"] + access(endpoint, "--src-") + [name, "oci:pulled:v1"])
            for layout in ["made", "pulled"] {
                try await umoci.check("unpack", "--image", "\(layout):v1", "\(layout)-bundle")
            }
            try await Tool("diff", workingFolder: folder)
                .check("-r", "--no-dereference", "made-bundle/rootfs", "pulled-bundle/rootfs")
            let release = try String(
                contentsOfFile: "\(folder)/pulled-bundle/rootfs/etc/alpine-release", encoding: .utf8)
            #expect(release == "3.20.3\n")
        }

        @Test(
            "a Debian system made by debootstrap and umoci goes in by skopeo and comes out by podman and skopeo",
            arguments: Transport.allCases)
        func debian(_ transport: Transport) async throws {
            let endpoint = stage.endpoint(transport)
            let layout = try await debianLayout()
            let reference = "\(endpoint.host)/\(endpoint.repository()):minbase"
            let skopeo = Tool("skopeo", workingFolder: layout)
            try await skopeo.check(
                ["copy", "--preserve-digests"] + access(endpoint, "--dest-") + [
                    "oci:made:minbase", "docker://\(reference)",
                ])
            try await skopeo.check(
                ["copy", "--preserve-digests"] + access(endpoint, "--src-")
                    + ["docker://\(reference)", "oci:pulled-\(transport):minbase"])
            // A layout names its blobs by digest; skopeo verified each against its name.
            try await Tool("diff", workingFolder: layout)
                .check("-r", "made/blobs", "pulled-\(transport)/blobs")

            let tools = try ContainersTools("\(stage.folder)/debian-podman")
            try await tools.login("podman", endpoint)
            try await tools.check("podman", ["pull"] + tools.access(endpoint) + [reference])
            let container = try await tools.check("podman", ["create", reference, "/bin/sh"])
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let copy = "\(stage.folder)/status-\(transport)"
            try await tools.check("podman", ["cp", "\(container):/var/lib/dpkg/status", copy])
            #expect(try String(contentsOfFile: copy, encoding: .utf8).contains("Package: dpkg\n"))
        }

        /// A folder with the layout `made` that holds the image `minbase`; made by the first who asks.
        private func debianLayout() async throws -> String {
            let folder = "\(stage.folder)/debian"
            if FileManager.default.fileExists(atPath: "\(folder)/made") { return folder }
            let archive = try await DebianRoot.archive()
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let umoci = Tool("umoci", workingFolder: folder)
            try await umoci.check("init", "--layout", "made")
            try await umoci.check("new", "--image", "made:minbase")
            try await umoci.check("raw", "add-layer", "--image", "made:minbase", archive)
            // What adding a layer replaced stays in the layout until it is collected, and is no part of the image.
            try await umoci.check("gc", "--layout", "made")
            return folder
        }

        private func access(_ endpoint: Endpoint, _ prefix: String) -> [String] {
            let trust =
                endpoint.transport == .http
                ? ["\(prefix)tls-verify=false"] : ["\(prefix)cert-dir", endpoint.authority.folder]
            return trust + ["\(prefix)creds", "admin:\(endpoint.password)"]
        }
    }
}
