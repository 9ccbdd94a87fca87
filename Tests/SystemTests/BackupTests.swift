// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TestKit
import Testing

/// A push that the server acknowledged.
private struct AcknowledgedPush: Sendable {
    let image: TestImage
    let repository: String
    let tag: String
}

/// Pushes images for as long as it runs, and remembers which were acknowledged.
private final class PushLoad: Sendable {
    private let pushes = Mutex<[AcknowledgedPush]>([])

    var acknowledged: [AcknowledgedPush] { pushes.withLock { $0 } }

    func run(_ client: RegistryClient, worker: Int) async throws {
        var number = 0
        while !Task.isCancelled {
            let push = AcknowledgedPush(
                image: .make(layers: [.random(40_000), .random(5_000)]), repository: "library/load\(worker)",
                tag: "v\(number)")
            try await client.push(push.image, to: push.repository, at: push.tag)
            pushes.withLock { $0.append(push) }
            number += 1
        }
    }
}

@Suite("backup of a running server")
struct BackupSystemTests {
    @Test(
        "every push acknowledged before a backup under load began is in the restored registry", .timeLimit(.minutes(3)))
    func underLoad() async throws {
        try await withHaven { haven in
            let backup = "\(haven.folder)/backup"
            let expected = try await backUp(haven, to: backup)
            #expect(expected.count >= 10)
            // The source is sound, and stays so with its holds and links.
            try await haven.command("doctor", "--verify", "--rehash", "--strict")

            let other = "\(haven.folder)/other"
            let restored = try await Tool(HavenProcess.executable).run(
                ["restore", backup, "--data-volume", "\(other)/data", "-o", "json"])
            #expect(restored.status == 0, "\(restored)")
            #expect(restored.output.contains(#""clean":true"#))

            let server = try await HavenProcess(
                folder: other, settings: ["harbor_admin_password": haven.adminPassword])
            do {
                try await checkPulls(expected, server.client)
                try await server.command("doctor", "--verify", "--rehash", "--strict")
                try await server.stop()
            } catch {
                try await server.kill()
                throw error
            }
        }
    }

    /// Backs up while clients push.
    ///
    /// - Returns: The pushes acknowledged before the backup began.
    private func backUp(_ haven: HavenProcess, to folder: String) async throws -> [AcknowledgedPush] {
        let load = PushLoad()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<3 {
                group.addTask {
                    do {
                        try await load.run(haven.client, worker: worker)
                    } catch is CancellationError {
                    } catch  where Task.isCancelled {}
                }
            }
            let hasBegun = try await eventually { load.acknowledged.count >= 10 }
            #expect(hasBegun)
            let expected = load.acknowledged
            try await haven.command("backup", folder)
            #expect(load.acknowledged.count > expected.count, "nothing was pushed during the backup")
            group.cancelAll()
            try await group.waitForAll()
            return expected
        }
    }

    private func checkPulls(_ pushes: [AcknowledgedPush], _ client: RegistryClient) async throws {
        for push in pushes {
            let manifest = try await client.send(
                "GET", "/v2/\(push.repository)/manifests/\(push.tag)", ["Accept": push.image.mediaType])
            #expect(manifest.status == 200)
            #expect(manifest["docker-content-digest"] == push.image.manifest.digest)
            #expect(manifest.body == push.image.manifest.bytes)
            for blob in push.image.blobs {
                let answer = try await client.send("GET", "/v2/\(push.repository)/blobs/\(blob.digest)")
                #expect(TestBlob(answer.body).digest == blob.digest)
            }
        }
    }

    @Test(
        "a restore into the folder of a running server, or into one that is not empty, is refused and changes nothing")
    func refused() async throws {
        try await withHaven { haven in
            let backup = "\(haven.folder)/backup"
            try await haven.command("backup", backup)
            let tool = Tool(HavenProcess.executable)
            let running = try await tool.run(["restore", backup, "--data-volume", haven.dataVolume])
            #expect(running.status == 1)
            #expect(running.errors.contains("another haven serve uses"))
            try await haven.stop()
            let full = try await tool.run(["restore", backup, "--data-volume", haven.dataVolume])
            #expect(full.status == 1)
            #expect(full.errors.contains("is not empty"))
            try await haven.start()
            let again = try await tool.run(["backup", backup, "--data-volume", haven.dataVolume])
            #expect(again.status == 1)
            #expect(again.errors.contains("is not empty"))
        }
    }

    @Test("a lost blob makes the verifying doctor fail with its name; wasted space does so only when strict")
    func doctor() async throws {
        try await withHaven { haven in
            let image = TestImage.make()
            try await haven.client.push(image, to: "library/app", at: "v1")
            let store = "\(haven.dataVolume)/registry"
            let stray = "\(store)/docker/registry/v2/haven/00/00000000000000000000000000000000-1"
            try Data("stray".utf8).write(to: URL(fileURLWithPath: stray))
            try await Tool("touch").check("-d", "3 days ago", stray)
            let notice = try await haven.command("doctor", "--verify")
            #expect(notice.contains("only disk space is wasted"))
            let tool = Tool(HavenProcess.executable)
            let verify = ["doctor", "--verify", "--data-volume", haven.dataVolume]
            #expect(try await tool.run(verify + ["--strict"]).status == 1)

            let names = FileManager.default.enumerator(atPath: store)?.allObjects as? [String] ?? []
            let file = try #require(
                names.first {
                    FileManager.default.contents(atPath: "\(store)/\($0)").map(Array.init) == image.config.bytes
                })
            try FileManager.default.removeItem(atPath: "\(store)/\(file)")
            let lost = try await tool.run(verify + ["-o", "json"])
            #expect(lost.status == 1)
            #expect(lost.output.contains(#""lost":1"#))
            #expect(lost.output.contains(image.config.digest))
        }
    }
}
