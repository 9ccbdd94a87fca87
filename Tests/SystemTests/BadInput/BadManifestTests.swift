// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension BadInput {
    @Suite("manifests") struct BadManifestTests {
        let bench: Bench
        init() throws { bench = try Bench() }

        static let hostile: [(what: String, text: String)] = {
            let config = TestBlob("{}").descriptor(TestMediaType.empty)
            let start = #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.manifest)","#
            func image(_ config: String, _ layers: String = "[]") -> String {
                start + #""config":\#(config),"layers":\#(layers)}"#
            }
            let digest = TestBlob("{}").digest
            return [
                ("empty", ""), ("no JSON", "hello"), ("an array", "[]"), ("a string", #""x""#), ("null", "null"),
                ("truncated", String(image(config).dropLast())), ("two values", image(config) + "{}"),
                ("deep", start + #""x":"# + String(repeating: "[", count: 100_000)),
                (
                    "deep and closed",
                    start + #""x":\#(String(repeating: "[", count: 5_000))\#(String(repeating: "]", count: 5_000))}"#
                ),
                ("duplicate key", start + #""config":\#(config),"layers":[],"layers":[]}"#),
                ("duplicate key, escaped", start + #""config":\#(config),"layers":[],"l\u0061yers":[]}"#),
                ("both layers and manifests", start + #""config":\#(config),"layers":[],"manifests":[]}"#),
                ("no config", start + #""layers":[]}"#),
                ("schema version 3", #"{"schemaVersion":3,"config":\#(config),"layers":[]}"#),
                ("schema version as text", #"{"schemaVersion":"2","config":\#(config),"layers":[]}"#),
                ("config is a list", image("[]")), ("layers is an object", image(config, "{}")),
                ("layer is a number", image(config, "[1]")),
                ("digest missing", image(#"{"mediaType":"a/b","size":2}"#)),
                ("digest malformed", image(#"{"mediaType":"a/b","digest":"sha256:x","size":2}"#)),
                ("digest traversal", image(#"{"mediaType":"a/b","digest":"../../etc","size":2}"#)),
                ("negative size", image(#"{"mediaType":"a/b","digest":"\#(digest)","size":-1}"#)),
                ("size as text", image(#"{"mediaType":"a/b","digest":"\#(digest)","size":"2"}"#)),
                ("huge size", image(#"{"mediaType":"a/b","digest":"\#(digest)","size":1e400}"#)),
                ("wrong size", image(#"{"mediaType":"a/b","digest":"\#(digest)","size":3}"#)),
                ("media type is another", #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.index)","manifests":[]}"#),
                ("lone surrogate", start + #""config":\#(config),"layers":[],"annotations":{"a":"\ud800"}}"#),
                ("trailing comma", start + #""config":\#(config),"layers":[],}"#),
                ("comment", start + #"/* x */"config":\#(config),"layers":[]}"#),
                ("annotation is a number", start + #""config":\#(config),"layers":[],"annotations":{"a":1}}"#),
            ]
        }()

        @Test("a malformed manifest is refused as such and stores nothing", arguments: hostile.map(\.what))
        func malformed(_ what: String) async throws {
            try await bench.push(TestBlob("{}"))
            let text = try #require(BadManifestTests.hostile.first { $0.what == what }).text
            let answer = try await bench.put(TestBlob(text), at: "bad")
            expectRefused(
                answer, [400, 404, 413],
                ["MANIFEST_INVALID", "MANIFEST_BLOB_UNKNOWN", "DIGEST_INVALID", "SIZE_INVALID"])
            #expect(try await bench.get("manifests/bad").status == 404)
        }

        @Test("a manifest that is not UTF-8 is refused")
        func encoding() async throws {
            let bytes = Array(#"{"schemaVersion":2,"config":{},"layers":[],"x":""#.utf8) + [0xff, 0xfe, 0xc0, 0x80]
            expectRefused(
                try await bench.put(TestBlob(bytes + Array("\"}".utf8)), at: "bad"), [400], ["MANIFEST_INVALID"])
        }

        @Test("a manifest of 4 MiB is taken and one byte more is refused with 413", arguments: [false, true])
        func size(_ streamed: Bool) async throws {
            let config = TestBlob("{}")
            try await bench.push(config)
            let start =
                #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.manifest)","config":"#
                + #"\#(config.descriptor(TestMediaType.empty)),"layers":[],"annotations":{"a":""#
            for (extra, expected) in [(0, 201), (1, 413)] {
                let filler = String(repeating: "A", count: 4_194_304 - start.utf8.count - 3 + extra)
                let manifest = TestBlob(start + filler + #""}}"#)
                try #require(manifest.size == 4_194_304 + extra)
                let answer = try await bench.client.send(
                    "PUT", bench.path("manifests/big\(extra)"), ["Content-Type": TestMediaType.manifest],
                    body: manifest.bytes, streamed: streamed)
                #expect(answer.status == expected, "\(answer)")
                if expected == 413 { #expect(["SIZE_INVALID", "MANIFEST_INVALID"].contains(answer.errorCode)) }
            }
        }

        @Test("a body that announces gigabytes for a manifest is refused before it is sent")
        func announced() async throws {
            let answer = try await bench.raw(
                "PUT", bench.path("manifests/big"),
                ["Content-Type: \(TestMediaType.manifest)", "Content-Length: 9000000000"], body: Array("{".utf8))
            expectRefused(answer, [413], ["SIZE_INVALID", "MANIFEST_INVALID"])
        }

        @Test(
            "a Content-Type that is malformed, unknown or another than the manifest's is refused",
            arguments: [
                "text/plain", "application/json", "application/octet-stream", "x", TestMediaType.index,
                TestMediaType.dockerManifest,
                "application/vnd.oci.image.manifest.v2+json", String(repeating: "a", count: 5_000),
            ])
        func contentType(_ type: String) async throws {
            let image = TestImage.make()
            try await bench.push(image)
            let answer = try await bench.raw(
                "PUT", bench.path("manifests/bad"), ["Content-Type: \(type)"], body: image.manifest.bytes)
            expectRefused(answer, [400, 415, 431], type.count > 1_000 ? [] : ["MANIFEST_INVALID", "UNSUPPORTED"])
            #expect(try await bench.get("manifests/bad").status == 404)
        }

        @Test("without a Content-Type a manifest is what its mediaType says, and refused when that is missing too")
        func noContentType() async throws {
            let image = TestImage.make()
            try await bench.push(image)
            let path = bench.path("manifests/plain")
            let taken = try await bench.raw("PUT", path, body: image.manifest.bytes)
            #expect(taken?.status == 201)
            #expect(try await bench.get("manifests/plain")["content-type"] == TestMediaType.manifest)
            let silent = #"{"schemaVersion":2,"config":\#(image.config.descriptor(TestMediaType.config)),"layers":[]}"#
            expectRefused(
                try await bench.raw("PUT", bench.path("manifests/silent"), body: Array(silent.utf8)), [400],
                ["MANIFEST_INVALID"])
        }

        @Test("a manifest may not name a blob or manifest that only another repository has")
        func foreignContent() async throws {
            let image = TestImage.make()
            let other = try Bench()
            try await other.push(image, at: "v1")
            try await bench.push(.random(10))
            expectRefused(try await bench.put(image.manifest, at: "v1"), [400, 404], ["MANIFEST_BLOB_UNKNOWN"])
            let index = TestImage.index(of: [image])
            expectRefused(
                try await bench.put(index, TestMediaType.index, at: "v1"), [400, 404],
                ["MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN"])
        }
    }
}
