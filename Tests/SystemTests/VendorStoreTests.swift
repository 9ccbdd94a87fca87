// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// Whole servers on the stores of vendors, as their doubles and emulators show them.
@Suite("a server on a vendor's store", .serialized)
struct VendorStoreTests {
    @Test("Azure Blob Storage", .timeLimit(.minutes(10)))
    func azure() async throws {
        let double = try await AzureDouble.start()
        try await exercise(
            "azure",
            "accountname: \(double.account), accountkey: \(double.key), container: \(double.container), "
                + "serviceurl: \(double.endpoint), rootdirectory: /system",
            store: double.endpoint, secrets: [double.key, "sig="])
        #expect(double.uncommitted.isEmpty)
        await double.stop()
    }

    @Test("Alibaba Cloud OSS", .timeLimit(.minutes(10)), arguments: ["v1", "v4"])
    func oss(_ version: String) async throws {
        let double = try await OSSDouble.start()
        try await exercise(
            "oss",
            "accesskeyid: \(double.accessKey), accesskeysecret: \(double.secret), region: oss-\(double.region), "
                + "bucket: \(double.bucket), endpoint: \(double.endpoint), forcepathstyle: true, "
                + "signatureversion: \(version), rootdirectory: /system",
            store: double.endpoint, secrets: [double.secret, "ignature="])
        #expect(double.openUploads == 0)
        await double.stop()
    }

    @Test("Google Cloud Storage", .timeLimit(.minutes(10)))
    func gcs() async throws {
        let emulator = try await GoogleEmulator.shared()
        let front = try await GoogleFront.start(before: emulator)
        try await withTemporaryFolder { folder in
            let keyFile = try front.writeKeyFile(in: folder)
            try await exercise(
                "gcs",
                "bucket: \(emulator.bucket), keyfile: \(keyFile), endpoint: \(front.endpoint), rootdirectory: \(folder)",
                store: front.endpoint, secrets: ["PRIVATE KEY", "ya29.", "Signature="])
        }
        #expect(front.openSessions == 0)
        await front.stop()
    }

    /// Pushes in one and in many pieces, pulls by the address that the store signs, collects and compares everything.
    private func exercise(_ name: String, _ options: String, store: String, secrets: [String]) async throws {
        let settings = ["registry_storage_provider_name": name, "registry_storage_provider_config": options]
        try await withHaven(settings: settings) { haven in
            #expect(try await haven.command("doctor").contains("took a small object, gave it back and deleted it"))
            let client = RegistryClient(haven.url, user: "admin", password: haven.adminPassword)
            let pushes = [(TestBlob.random(40 << 20), 40 << 20), (.random(21 << 20), 6 << 20), (.random(5), 1)]
            for (blob, chunk) in pushes {
                try await push(blob, chunk: chunk, client)
                let answer = try await client.send("GET", "/v2/library/app/blobs/\(blob.digest)")
                #expect(answer.status == 307)
                let address = try #require(answer["location"])
                #expect(address.hasPrefix(store))
                #expect(try await RegistryClient(store).send("GET", address, as: .none).body == blob.bytes)
            }
            try await haven.command("gc")
            let verified = try await haven.command("doctor", "--verify", "--rehash", "-o", "json")
            #expect(verified.contains(#""clean":true"#), "\(verified)")
            for secret in secrets { #expect(!haven.log.contains(secret)) }
        }
    }

    private func push(_ blob: TestBlob, chunk: Int, _ client: RegistryClient) async throws {
        var location = try await client.beginUpload(to: "library/app")
        for start in stride(from: 0, to: blob.size, by: chunk) {
            let end = min(start + chunk, blob.size)
            let answer = try await client.send(
                "PATCH", location, ["Content-Range": "\(start)-\(end - 1)"], body: Array(blob.bytes[start..<end]))
            #expect(answer.status == 202, "\(answer)")
            location = answer["location"] ?? ""
        }
        let answer = try await client.send("PUT", location.adding("digest=\(blob.digest)"))
        #expect(answer.status == 201, "\(answer)")
    }
}
