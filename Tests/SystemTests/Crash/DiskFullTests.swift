// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// A real server whose disk has no more room.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible, "only root may mount a small disk")) struct DiskFullTests {
    private static let repository = "library/app"

    @Test("an upload that does not fit is refused clearly, its room comes back, and pulls go on")
    func upload() async throws {
        try await withHavenOnSmallDisk(reserve: "4M") { haven, disk in
            let client = haven.client
            let image = TestImage.make()
            try await client.push(image, to: Self.repository, at: "kept")
            let before = disk.free
            var location = try await client.beginUpload(to: Self.repository)
            var refusal: Answer?
            var start = 0
            while refusal == nil, start < 100 << 20 {
                let chunk = TestBlob.random(3 << 20)
                let range = ["Content-Range": "\(start)-\(start + chunk.size - 1)"]
                let answer = try await client.send("PATCH", location, range, body: chunk.bytes)
                start += chunk.size
                location = answer["location"] ?? location
                if answer.status != 202 { refusal = answer }
            }
            try expectClear(refusal)
            try await expectPulled(image, client)
            try await expectRefused(haven)
            // The upload expires, and the collector gives its room back.
            #expect(
                try await eventually { disk.free > before - (1 << 20) }, "\(disk.free) of \(before) bytes came back")
            let next = TestImage.make()
            try await client.push(next, to: Self.repository, at: "next")
            try await expectPulled(next, client)
        }
    }

    @Test("below the reserve pushes are refused and pulls go on, until there is room again")
    func reserve() async throws {
        try await withHavenOnSmallDisk(reserve: "8M") { haven, disk in
            let client = haven.client
            let image = TestImage.make()
            try await client.push(image, to: Self.repository, at: "kept")
            try disk.fill(leaving: 6 << 20)
            // The server looks at the disk once a second.
            var refusal: Answer?
            let isRefused = try await eventually {
                refusal = try await push(TestBlob.random(1_000), client)
                return refusal?.status != 201
            }
            #expect(isRefused)
            try expectClear(refusal)
            try await expectPulled(image, client)
            disk.empty()
            let isBack = try await eventually { try await push(TestBlob.random(1_000), client).status == 201 }
            #expect(isBack)
        }
    }

    @Test("wherever the last byte of room is missing, the answer is clear, nothing acknowledged is lost, pulls go on")
    func everywhere() async throws {
        try await withHavenOnSmallDisk(reserve: "0") { haven, disk in
            let client = haven.client
            var kept = [TestImage.make()]
            var refusals = 0
            try await client.push(kept[0], to: Self.repository, at: "tag0")
            // The database keeps a log of a few hundred kilobytes to write to: some of these pushes succeed.
            for rest in [0, 4_096, 8_192, 20_000, 40_000, 80_000, 160_000, 320_000, 700_000, 1_500_000] {
                try disk.fill(leaving: rest)
                if let image = try await tryToPush(as: "tag\(kept.count)", client) {
                    kept.append(image)
                } else {
                    refusals += 1
                }
                try await expectPulled(kept[0], client)
                #expect(haven.isRunning)
            }
            #expect(refusals > 0)
            disk.empty()
            let isBack = try await eventually {
                guard let image = try await tryToPush(as: "last", client) else { return false }
                kept.append(image)
                return true
            }
            #expect(isBack)
            for image in kept { try await expectPulled(image, client) }
            // Not even after a restart is anything missing.
            try await haven.stop()
            try await haven.start()
            for image in kept { try await expectPulled(image, client) }
            let after = try await client.send("GET", "/v2/\(Self.repository)/tags/list").json?["tags"] as? [String]
            #expect((after ?? []).count == kept.count)
        }
    }

    /// Pushes an image step by step; the first refusal, which must be a clear one, ends it.
    private func tryToPush(as tag: String, _ client: RegistryClient) async throws -> TestImage? {
        let image = TestImage.make(layers: [.random(30_000)])
        for blob in image.blobs {
            let answer = try await push(blob, client)
            guard answer.status == 201 else {
                try expectClear(answer)
                return nil
            }
        }
        let answer = try await client.put(image.manifest, image.mediaType, to: Self.repository, at: tag)
        guard answer.status == 201 else {
            try expectClear(answer)
            return nil
        }
        return image
    }

    private func push(_ blob: TestBlob, _ client: RegistryClient) async throws -> Answer {
        let begun = try await client.send("POST", "/v2/\(Self.repository)/blobs/uploads/")
        guard begun.status == 202, let location = begun["location"] else { return begun }
        return try await client.send("PUT", location.adding("digest=\(blob.digest)"), body: blob.bytes)
    }

    private func expectRefused(_ haven: HavenProcess) async throws {
        // A body larger than the disk, from a client that reads the answer while it sends.
        let location = try await haven.client.beginUpload(to: Self.repository)
        let result = try await Tool("sh").run([
            "-c", #"head -c 90000000 /dev/zero | curl -sS -o /dev/null -w '%{http_code}' -H "$1" -T - "$2""#, "sh",
            "Authorization: \(haven.client.basic ?? "")",
            "\(haven.url)\(location)?digest=\(TestBlob("never").digest)",
        ])
        #expect(result.output == "507", "\(result)")
    }

    /// A refusal for want of room: its status says so, and its text tells a person.
    private func expectClear(_ answer: Answer?) throws {
        let answer = try #require(answer)
        #expect(answer.status == 507 || answer.status == 503, "\(answer)")
        #expect(answer.errorMessage?.contains("disk") == true, "\(answer)")
    }

    private func expectPulled(_ image: TestImage, _ client: RegistryClient) async throws {
        let manifest = try await client.send(
            "GET", "/v2/\(Self.repository)/manifests/\(image.manifest.digest)", ["Accept": image.mediaType])
        #expect(manifest.body == image.manifest.bytes, "\(manifest)")
        for blob in image.blobs {
            let answer = try await client.send("GET", "/v2/\(Self.repository)/blobs/\(blob.digest)")
            #expect(answer.status == 200 && answer.body == blob.bytes, "\(answer.status)")
        }
    }

    private func withHavenOnSmallDisk(
        reserve: String, _ body: (HavenProcess, SmallDisk) async throws -> Void
    ) async throws {
        try await withSmallDisk(bytes: 64 << 20) { disk in
            let settings = [
                "disk_reserve": reserve, "data_volume": "\(disk.path)/data", "gc_interval": "1s", "upload_life": "3s",
                "read_grace": "0s",
            ]
            try await withHaven(settings: settings) { haven in try await body(haven, disk) }
        }
    }
}
