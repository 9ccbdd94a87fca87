// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension Conformance {
    /// distribution-spec, "Content Management".
    @Suite("deletes") struct DeleteTests {
        let bench: Bench
        init() throws { bench = try Bench() }

        @Test("a deleted tag is gone at once and its manifest stays")
        func tag() async throws {
            let image = TestImage.make()
            try await bench.push(image, at: "v1")
            try await bench.push(image, at: "v2")
            #expect(try await bench.delete("manifests/v1").status == 202)
            #expect(try await bench.get("manifests/v1").status == 404)
            #expect(try await bench.head("manifests/v1").status == 404)
            #expect(try await bench.get("manifests/v2").status == 200)
            #expect(try await bench.get("manifests/\(image.manifest.digest)").status == 200)
            #expect(try await bench.get("tags/list").json?["tags"] as? [String] == ["v2"])
        }

        @Test("a deleted manifest is gone at once, with all its tags")
        func manifest() async throws {
            let (gone, kept) = (TestImage.make(), TestImage.make())
            try await bench.push(gone, at: "v1")
            try await bench.push(gone, at: "v2")
            try await bench.push(kept, at: "v3")
            #expect(try await bench.delete("manifests/\(gone.manifest.digest)").status == 202)
            for reference in [gone.manifest.digest, "v1", "v2"] {
                #expect(try await bench.get("manifests/\(reference)").status == 404)
            }
            #expect(try await bench.get("tags/list").json?["tags"] as? [String] == ["v3"])
        }

        @Test("a deleted blob is gone at once", arguments: Algorithm.allCases)
        func blob(_ algorithm: Algorithm) async throws {
            let blob = TestBlob.random(100)
            let digest = algorithm.digest(blob)
            let put = try await bench.client.send(
                "POST", bench.path("blobs/uploads/?digest=\(digest)"), body: blob.bytes)
            #expect(put.status == 201)
            #expect(try await bench.delete("blobs/\(digest)").status == 202)
            #expect(try await bench.head("blobs/\(digest)").status == 404)
            #expect(try await bench.get("blobs/\(digest)").status == 404)
        }

        @Test("what was deleted can be pushed again")
        func again() async throws {
            let image = TestImage.make()
            for _ in 1...3 {
                try await bench.push(image, at: "v1")
                #expect(try await bench.get("manifests/v1").body == image.manifest.bytes)
                #expect(try await bench.delete("manifests/\(image.manifest.digest)").status == 202)
                for blob in image.blobs { #expect(try await bench.delete("blobs/\(blob.digest)").status == 202) }
            }
        }

        @Test("what does not exist cannot be deleted: 404")
        func absent() async throws {
            try await bench.push(TestImage.make(), at: "v1")
            let digest = TestBlob.random(10).digest
            for path in ["manifests/nosuchtag", "manifests/\(digest)", "blobs/\(digest)"] {
                #expect(try await bench.delete(path).status == 404)
            }
        }

        @Test("a blob that a manifest names is not deleted: 405 names the holder")
        func heldBlob() async throws {
            let image = TestImage.make()
            try await bench.push(image, at: "v1")
            let answer = try await bench.delete("blobs/\(image.layers[0].digest)")
            #expect(answer.status == 405)
            #expect(answer.errorCode == "UNSUPPORTED")
            #expect(answer.text.contains(image.manifest.digest))
            #expect(try await bench.head("blobs/\(image.layers[0].digest)").status == 200)
        }

        @Test("a manifest that an index names is not deleted: 405 names the holder")
        func heldManifest() async throws {
            let image = TestImage.make()
            let index = try await bench.client.push(index: [image], to: bench.name, at: "multi")
            let answer = try await bench.delete("manifests/\(image.manifest.digest)")
            #expect(answer.status == 405)
            #expect(answer.errorCode == "UNSUPPORTED")
            #expect(answer.text.contains(index.digest))
            #expect(try await bench.delete("manifests/\(index.digest)").status == 202)
            #expect(try await bench.delete("manifests/\(image.manifest.digest)").status == 202)
        }
    }
}
