// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension Conformance {
    /// distribution-spec, "Pushing Manifests" and "Pulling manifests".
    @Suite("manifests") struct ManifestTests {
        let bench: Bench
        init() throws { bench = try Bench() }

        @Test(
            "a manifest comes back byte for byte with its media type and length, by tag and by digest",
            arguments: ManifestKind.all)
        func kinds(_ kind: ManifestKind) async throws {
            let made = kind.make()
            for blob in made.blobs { try await bench.push(blob) }
            for child in made.children {
                #expect(try await bench.put(child.bytes, child.mediaType, at: child.bytes.digest).status == 201)
            }
            let manifest = made.manifest
            for reference in ["v1", manifest.bytes.digest] {
                let put = try await bench.put(manifest.bytes, manifest.mediaType, at: reference)
                #expect(put.status == 201, "\(put)")
                #expect(put["docker-content-digest"] == manifest.bytes.digest)
                let located = try await bench.client.send("GET", try #require(put["location"]))
                #expect(located.body == manifest.bytes.bytes)
                for answer in [
                    try await bench.get("manifests/\(reference)"), try await bench.head("manifests/\(reference)"),
                ] {
                    #expect(answer.status == 200)
                    #expect(answer["content-type"] == manifest.mediaType)
                    #expect(answer["content-length"] == "\(manifest.bytes.size)")
                    #expect(answer["docker-content-digest"] == manifest.bytes.digest)
                }
                #expect(try await bench.get("manifests/\(reference)").body == manifest.bytes.bytes)
            }
        }

        @Test("a manifest without mediaType is stored with its Content-Type")
        func withoutMediaType() async throws {
            let image = TestImage.make()
            try await bench.push(image)
            let bare = TestBlob(
                String(
                    image.manifest.text.replacing(#""mediaType":"\#(image.mediaType)","config""#, with: #""config""#)))
            try #require(bare.size < image.manifest.size)
            #expect(try await bench.put(bare, at: "bare").status == 201)
            let answer = try await bench.get("manifests/bare")
            #expect(answer["content-type"] == TestMediaType.manifest)
            #expect(answer.body == bare.bytes)
        }

        @Test("a manifest pushed by sha512 is readable by that digest and echoed with it")
        func sha512() async throws {
            let image = TestImage.make()
            for blob in image.blobs { try await bench.push(blob) }
            let put = try await bench.put(image.manifest, at: image.manifest.sha512)
            #expect(put.status == 201)
            #expect(put["docker-content-digest"] == image.manifest.sha512)
            for answer in [
                try await bench.get("manifests/\(image.manifest.sha512)"),
                try await bench.head("manifests/\(image.manifest.sha512)"),
            ] {
                #expect(answer.status == 200)
                #expect(answer["docker-content-digest"] == image.manifest.sha512)
            }
            #expect(try await bench.get("manifests/\(image.manifest.sha512)").body == image.manifest.bytes)
            #expect(try await bench.delete("manifests/\(image.manifest.sha512)").status == 202)
            #expect(try await bench.get("manifests/\(image.manifest.sha512)").status == 404)
        }

        @Test("an image whose blobs and manifest all have sha512 digests is pushed and pulled")
        func sha512Everywhere() async throws {
            let config = TestBlob("{}")
            let layer = TestBlob.random(1_000)
            for blob in [config, layer] {
                let location = try await bench.begin()
                let put = try await bench.client.send(
                    "PUT", location.adding("digest=\(blob.sha512)"), body: blob.bytes)
                #expect(put.status == 201)
            }
            let manifest = TestBlob(
                #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.manifest)","artifactType":"application/x","config":"#
                    + #"{"mediaType":"\#(TestMediaType.empty)","digest":"\#(config.sha512)","size":2},"layers":["#
                    + #"{"mediaType":"application/x","digest":"\#(layer.sha512)","size":1000}]}"#)
            #expect(try await bench.put(manifest, at: manifest.sha512).status == 201)
            #expect(try await bench.put(manifest, at: "tagged").status == 201)
            #expect(try await bench.get("manifests/tagged").body == manifest.bytes)
            let read = try await bench.get("blobs/\(layer.sha512)")
            #expect(read["docker-content-digest"] == layer.sha512)
            #expect(read.body == layer.bytes)
        }

        @Test(
            "a manifest put by a digest that its bytes do not have is refused with 400", arguments: Algorithm.allCases)
        func digestMismatch(_ algorithm: Algorithm) async throws {
            let image = TestImage.make()
            try await bench.push(image)
            let padded = TestBlob(image.manifest.bytes + Array("  ".utf8))
            let answer = try await bench.put(padded, at: algorithm.digest(image.manifest))
            #expect(answer.status == 400)
            #expect(answer.errorCode == "DIGEST_INVALID")
        }

        @Test("a manifest with trailing blanks is stored as it is by tag")
        func trailingBlanks() async throws {
            let image = TestImage.make()
            try await bench.push(image)
            let padded = TestBlob(image.manifest.bytes + Array("  ".utf8))
            #expect(try await bench.put(padded, at: "padded")["docker-content-digest"] == padded.digest)
            #expect(try await bench.get("manifests/padded").body == padded.bytes)
        }

        @Test("a malformed digest as reference: PUT is 400, GET is 404 or 400")
        func malformedDigest() async throws {
            let image = TestImage.make()
            try await bench.push(image)
            #expect(try await bench.put(image.manifest, at: "sha256:baddigeststring").status == 400)
            #expect([400, 404].contains(try await bench.get("manifests/sha256:baddigeststring").status))
            #expect([400, 404].contains(try await bench.head("manifests/sha256:baddigeststring").status))
        }

        @Test("an unknown manifest is 404 MANIFEST_UNKNOWN")
        func absent() async throws {
            try await bench.push(.random(10))
            for reference in ["nosuchtag", TestBlob.random(10).digest] {
                let answer = try await bench.get("manifests/\(reference)")
                #expect(answer.status == 404)
                #expect(["MANIFEST_UNKNOWN", "NAME_UNKNOWN"].contains(answer.errorCode))
            }
        }

        @Test("a manifest whose blob or child is missing is refused and names what is missing")
        func sparse() async throws {
            let image = TestImage.make()
            try await bench.push(image.config)
            let answer = try await bench.put(image.manifest, at: "sparse")
            #expect([400, 404].contains(answer.status))
            #expect(answer.errorCode == "MANIFEST_BLOB_UNKNOWN")
            #expect(answer.text.contains(image.layers[0].digest))
            #expect(try await bench.get("manifests/sparse").status == 404)
            let index = TestImage.index(of: [image])
            let refused = try await bench.put(index, TestMediaType.index, at: "sparse-index")
            #expect([400, 404].contains(refused.status))
            #expect(refused.text.contains(image.manifest.digest))
        }

        @Test("a manifest that names its subject is answered with OCI-Subject")
        func subject() async throws {
            let image = TestImage.make()
            try await bench.push(image, at: "v1")
            let artifact = TestImage.artifact(
                type: "application/x", subject: image.manifest.descriptor(image.mediaType))
            for blob in artifact.blobs { try await bench.push(blob) }
            for reference in ["sig", artifact.manifest.digest] {
                #expect(try await bench.put(artifact.manifest, at: reference)["oci-subject"] == image.manifest.digest)
            }
            let index = TestBlob(
                #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.index)","artifactType":"application/x","manifests":[],"#
                    + #""subject":\#(image.manifest.descriptor(image.mediaType))}"#)
            #expect(
                try await bench.put(index, TestMediaType.index, at: index.digest)["oci-subject"]
                    == image.manifest.digest)
            #expect(try await bench.put(image.manifest, at: "v2")["oci-subject"] == nil)
        }

        @Test("a tag moves to the manifest pushed last")
        func retag() async throws {
            let (first, second) = (TestImage.make(), TestImage.make())
            try await bench.push(first, at: "latest")
            try await bench.push(second, at: "latest")
            #expect(try await bench.get("manifests/latest").body == second.manifest.bytes)
            #expect(try await bench.get("manifests/\(first.manifest.digest)").body == first.manifest.bytes)
        }

        @Test("a manifest that the client has already is answered with 304")
        func conditional() async throws {
            let image = TestImage.make()
            try await bench.push(image, at: "v1")
            let tag = try #require(try await bench.get("manifests/v1")["etag"])
            let answer = try await bench.get("manifests/v1", ["If-None-Match": tag])
            #expect(answer.status == 304)
            #expect(answer.body.isEmpty)
            #expect(try await bench.get("manifests/v1", ["If-None-Match": #""other""#]).status == 200)
        }

        @Test("one PUT by digest sets several tags and names them in OCI-Tag", arguments: Algorithm.allCases)
        func severalTags(_ algorithm: Algorithm) async throws {
            let image = TestImage.make()
            for blob in image.blobs { try await bench.push(blob) }
            let digest = algorithm.digest(image.manifest)
            let answer = try await bench.put(image.manifest, at: "\(digest)?tag=one&tag=two")
            #expect(answer.status == 201)
            #expect(answer["docker-content-digest"] == digest)
            let tags = answer.all("oci-tag").flatMap { $0.split(separator: ",") }
                .map { String($0.drop { $0 == " " }) }
            #expect(Set(tags) == ["one", "two"])
            for tag in ["one", "two"] {
                let read = try await bench.get("manifests/\(tag)")
                #expect(read.body == image.manifest.bytes)
                #expect(read["docker-content-digest"] == digest)
            }
        }

        @Test("schema 1 is refused with a clear error")
        func schema1() async throws {
            let manifest = TestBlob(
                #"{"schemaVersion":1,"name":"library/x","tag":"t","architecture":"amd64","fsLayers":[],"history":[]}"#)
            for type in [
                "application/vnd.docker.distribution.manifest.v1+json",
                "application/vnd.docker.distribution.manifest.v1+prettyjws",
            ] {
                let answer = try await bench.put(manifest, type, at: "old")
                #expect([400, 415].contains(answer.status))
                #expect(answer.errorMessage?.lowercased().contains("schema") == true)
            }
        }
    }
}

extension TestBlob {
    var text: String { String(decoding: bytes, as: UTF8.self) }
}
