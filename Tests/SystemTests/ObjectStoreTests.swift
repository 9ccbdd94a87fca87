// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// Whole servers on real object stores: pushes in one and in many pieces, pulls, copies by skopeo, collection, checks.
@Suite("a server on an object store", .serialized)
struct ObjectStoreTests {
    @Test("Swift behind Keystone, by the line of Harbor's guide", .timeLimit(.minutes(10)))
    func swift() async throws {
        let store = try await SwiftStore.withKeystone()
        let identity = try #require(store.keystone)
        // The guide's line with this cloud's names; nobody made the container.
        let line =
            "username: \(Keystone.user),password: \(Keystone.password),authurl: \(identity.url)/identity/v3,"
            + "tenant: \(Keystone.project),domain: default,region: RegionOne,container: docker_images"
        let settings = ["registry_storage_provider_name": "swift", "registry_storage_provider_config": line]
        try await withHaven(settings: settings) { haven in
            try await exercise(haven) { answer, blob in
                // Without a key for signed addresses the bytes pass through the server.
                #expect(answer.status == 200)
                #expect(answer.body == blob.bytes)
            }
        }
    }

    @Test("S3 on Ceph's gateway, which serves the clients itself", .timeLimit(.minutes(10)))
    func s3() async throws {
        let server = try await Radosgw.shared()
        let line =
            "accesskey: \(server.accessKey), secretkey: \(server.secretKey), region: us-east-1, "
            + "regionendpoint: \(server.url), bucket: \(server.bucket), rootdirectory: /system"
        let settings = ["registry_storage_provider_name": "s3", "registry_storage_provider_config": line]
        try await withHaven(settings: settings) { haven in
            try await exercise(haven) { answer, blob in
                #expect(answer.status == 307)
                let address = try #require(answer["location"])
                #expect(address.hasPrefix(server.url))
                #expect(try await RegistryClient(server.url).send("GET", address, as: .none).body == blob.bytes)
            }
            // Passwords and keys are in no log.
            #expect(!haven.log.contains(server.secretKey) && !haven.log.contains("X-Amz-Signature"))
        }
    }

    private func exercise(
        _ haven: HavenProcess, _ check: (Answer, TestBlob) async throws -> Void
    ) async throws {
        let client = RegistryClient(haven.url, user: "admin", password: haven.adminPassword)
        #expect(try await haven.command("doctor").contains("took a small object, gave it back and deleted it"))
        // More than two parts of 16 MiB in one body, and chunks below and above the smallest part.
        for (blob, chunk) in [
            (TestBlob.random(40 << 20), 40 << 20), (.random(21 << 20), 6 << 20), (.random(3_000_000), 1_000_000),
        ] {
            try await push(blob, chunk: chunk, client)
            let path = "/v2/library/app/blobs/\(blob.digest)"
            #expect(try await client.send("HEAD", path)["content-length"] == "\(blob.size)")
            try await check(try await client.send("GET", path), blob)
        }
        try await copies(haven, client)
        // What chunks and commits left over goes, and nothing else does.
        try await haven.command("gc")
        let verified = try await haven.command("doctor", "--verify", "--rehash", "-o", "json")
        #expect(verified.contains(#""clean":true"#), "\(verified)")
        let health = try await client.send("GET", "/api/v2.0/health", as: .none)
        #expect(health.text.contains(#""status":"healthy""#), "\(health)")
    }

    private func push(_ blob: TestBlob, chunk: Int, _ client: RegistryClient) async throws {
        var location = try await client.beginUpload(to: "library/app")
        for start in stride(from: 0, to: blob.size, by: chunk) {
            let end = min(start + chunk, blob.size)
            let answer = try await client.send(
                "PATCH", location, ["Content-Range": "\(start)-\(end - 1)"], body: Array(blob.bytes[start..<end]))
            #expect(answer.status == 202, "\(answer)")
            #expect(answer["range"] == "0-\(end - 1)")
            location = answer["location"] ?? ""
        }
        let answer = try await client.send("PUT", location.adding("digest=\(blob.digest)"))
        #expect(answer.status == 201, "\(answer)")
    }

    private func copies(_ haven: HavenProcess, _ client: RegistryClient) async throws {
        let image = TestImage.make(layers: [.random(18 << 20), .random(5_000)])
        let layout = "\(haven.folder)/layout"
        try ImageLayout(layout).add(image, tag: "v1")
        let skopeo = Tool("skopeo")
        let access = ["admin:\(haven.adminPassword)"]
        let name = "docker://\(haven.host)/library/copied:v1"
        try await skopeo.check(
            ["copy", "--preserve-digests", "--dest-tls-verify=false", "--dest-creds"] + access + [
                "oci:\(layout):v1", name,
            ])
        #expect(try await client.send("GET", "/v2/library/copied/manifests/v1").body == image.manifest.bytes)
        let folder = "\(haven.folder)/pulled"
        try await skopeo.check(["copy", "--src-tls-verify=false", "--src-creds"] + access + [name, "dir:\(folder)"])
        for blob in image.blobs {
            let file = URL(fileURLWithPath: "\(folder)/\(blob.digest.dropFirst("sha256:".count))")
            #expect(try Array(Data(contentsOf: file)) == blob.bytes)
        }
    }
}
