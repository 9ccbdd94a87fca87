// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// Lets a real server die between two steps of a push, and pushes again.
@Suite struct CrashPointTests {
    private static let uploads = [
        "storage.afterCreate", "storage.afterWrite", "storage.afterFlush", "upload.afterPart",
    ]
    private static let assemblies = ["commit.afterAssemble", "commit.afterFsync"]

    @Test("a push that dies at a step is not there, and succeeds when it is repeated", arguments: uploads)
    func whole(_ point: String) async throws {
        try await crash(at: point) { haven, blob in try await haven.client.push(blob, to: "library/app") }
    }

    @Test("a push in parts by two processes that dies at its end can be ended again", arguments: assemblies)
    func inParts(_ point: String) async throws {
        try await withTemporaryFolder { folder in
            // The first half is written by a process that then goes.
            let haven = try await HavenProcess(folder: folder)
            let blob = TestBlob.random(300_000)
            var location = try await haven.client.beginUpload(to: "library/app")
            let half = try await haven.client.send("PATCH", location, body: Array(blob.bytes[..<150_000]))
            location = try #require(half["location"])
            try await haven.kill()
            try await haven.start(environment: ["HAVEN_FAULT": "\(point):crash"])
            let rest = try await haven.client.send("PATCH", location, body: Array(blob.bytes[150_000...]))
            location = try #require(rest["location"])
            await #expect(throws: (any Error).self) {
                _ = try await haven.client.send("PUT", location.adding("digest=\(blob.digest)"))
            }
            #expect(try await eventually { !haven.isRunning })
            try await haven.start()
            let end = try await haven.client.send("PUT", location.adding("digest=\(blob.digest)"))
            #expect(end.status == 201, "\(end)")
            let pulled = try await haven.client.send("GET", "/v2/library/app/blobs/\(blob.digest)")
            #expect(pulled.body == blob.bytes)
            try await haven.stop()
        }
    }

    private func crash(
        at point: String, _ push: (HavenProcess, TestBlob) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let haven = try await HavenProcess(folder: folder)
            try await haven.stop()
            try await haven.start(environment: ["HAVEN_FAULT": "\(point):crash"])
            let blob = TestBlob.random(2_000_000)
            await #expect(throws: (any Error).self) { try await push(haven, blob) }
            #expect(try await eventually { !haven.isRunning })
            try await haven.start()
            let path = "/v2/library/app/blobs/\(blob.digest)"
            #expect(try await haven.client.send("GET", path).status == 404)
            try await push(haven, blob)
            #expect(try await haven.client.send("GET", path).body == blob.bytes)
            try await haven.stop()
        }
    }
}
