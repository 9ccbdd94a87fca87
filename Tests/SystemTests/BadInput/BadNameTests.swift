// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension BadInput {
    @Suite("names, tags and digests") struct BadNameTests {
        let bench: Bench
        init() throws { bench = try Bench() }

        static let names = [
            "library/UPPER", "library/-x", "library/x-", "library/a..b", "library/a__-b", "library/_x", "library/x___y",
            "library/x.", "LIBRARY/x", "library/" + String(repeating: "a", count: 300),
            "library/" + String(repeating: "a/", count: 4_000) + "b", "library/%C3%A9", "library/a%20b", "library/%00",
            "library/x%0Ay",
        ]

        @Test("a malformed repository name is refused as such", arguments: names)
        func repository(_ name: String) async throws {
            for (method, rest) in [
                ("GET", "manifests/v1"), ("GET", "tags/list"), ("POST", "blobs/uploads/"), ("DELETE", "manifests/v1"),
            ] {
                let answer = try await bench.raw(method, "/v2/\(name)/\(rest)")
                expectRefused(answer, [400, 404, 414], ["NAME_INVALID", "NAME_UNKNOWN"])
            }
        }

        @Test("a repository name of one segment is refused with the reason")
        func oneSegment() async throws {
            let answer = try await bench.raw("POST", "/v2/alone/blobs/uploads/")
            expectRefused(answer, [400, 404], ["NAME_INVALID", "NAME_UNKNOWN"])
        }

        @Test(
            "dots, encoded slashes and zero bytes in a path reach nothing",
            arguments: [
                "/v2/../../etc/passwd", "/v2/library/../x/manifests/v1", "/v2/library/..%2f..%2fetc/manifests/v1",
                "/v2/%2e%2e/%2e%2e/manifests/v1", "/v2/library%2fx/manifests/v1", "/v2/library/x/manifests/..%2f..%2fx",
                "/v2/library/x/manifests/%2e%2e", "/v2/library/x%00y/manifests/v1", "/v2/library/x/manifests/a%00b",
                "/v2/library/x/blobs/..%2f..%2fhaven.db", "/v2/library/x/blobs/sha256:..%2f..%2fetc",
                "/v2/library/x/blobs/uploads/..%2f..%2fx", "/v2//x/manifests/v1", "/v2/library//x/manifests/v1",
                "/v2/library/x/manifests/", "/v2/library/x/manifests", "/v2/library/x", "/v2/library/x/unknown/y",
                "//v2/", "/v2/%", "/v2/%zz/x/manifests/v1", "/v2/library/x/manifests/v1%", #"/v2/\..\x/manifests/v1"#,
            ])
        func paths(_ path: String) async throws {
            for method in ["GET", "HEAD", "PUT", "DELETE"] {
                let answer = try #require(
                    try await bench.raw(method, path, ["Content-Type: \(TestMediaType.manifest)"]))
                #expect((400...499).contains(answer.status), "\(method) \(path): \(answer)")
            }
        }

        @Test(
            "a malformed tag is refused",
            arguments: [
                ".x", "-x", "a%20b", "a%2Fb", "%C3%BC", String(repeating: "a", count: 129), "x@y", "a%00",
                String(repeating: "z", count: 10_000),
            ])
        func tags(_ tag: String) async throws {
            let image = TestImage.make()
            try await bench.push(image)
            let put = try await bench.raw(
                "PUT", bench.path("manifests/\(tag)"), ["Content-Type: \(image.mediaType)"], body: image.manifest.bytes)
            expectRefused(put, [400, 404, 414], ["TAG_INVALID", "MANIFEST_INVALID", "NAME_INVALID", "DIGEST_INVALID"])
            let get = try await bench.raw("GET", bench.path("manifests/\(tag)"))
            expectRefused(get, [400, 404, 414])
            #expect(try await bench.get("tags/list").json?["tags"] as? [String] == [])
        }

        @Test("a malformed tag among several in one PUT is refused and none is set")
        func severalTags() async throws {
            let image = TestImage.make()
            try await bench.push(image)
            let answer = try await bench.put(image.manifest, at: "\(image.manifest.digest)?tag=good&tag=.bad")
            expectRefused(answer, [400], ["TAG_INVALID", "MANIFEST_INVALID"])
            #expect(try await bench.get("tags/list").json?["tags"] as? [String] == [])
        }

        static let digests = [
            "sha256:", "sha256", ":abc", "sha256:" + String(repeating: "a", count: 63),
            "sha256:" + String(repeating: "a", count: 65), "sha256:" + String(repeating: "A", count: 64),
            "sha256:" + String(repeating: "g", count: 64), "md5:d41d8cd98f00b204e9800998ecf8427e",
            "sha512:" + String(repeating: "a", count: 64), "SHA256:" + String(repeating: "a", count: 64),
            "sha256:..%2f..%2fetc%2fpasswd", "sha256:%00", "sha256+x:" + String(repeating: "a", count: 64),
            String(repeating: "a", count: 20_000),
        ]

        @Test("a malformed digest is refused at every place that takes one", arguments: digests)
        func everyDigest(_ digest: String) async throws {
            let blob = TestBlob.random(100)
            try await bench.push(blob)
            for method in ["GET", "HEAD", "DELETE"] {
                expectRefused(try await bench.raw(method, bench.path("blobs/\(digest)")), [400, 404, 414, 431])
            }
            let put = try await bench.raw("PUT", bench.begin().adding("digest=\(digest)"), body: blob.bytes)
            expectRefused(put, [400, 414, 431], ["DIGEST_INVALID", "NAME_INVALID", "UNKNOWN"])
            let post = try await bench.raw("POST", bench.path("blobs/uploads/?digest=\(digest)"), body: blob.bytes)
            expectRefused(post, [400, 414, 431], ["DIGEST_INVALID", "NAME_INVALID", "UNKNOWN"])
            expectRefused(try await bench.raw("GET", bench.path("referrers/\(digest)")), [400, 404, 414, 431])
            let mount = try #require(
                try await bench.raw("POST", bench.path("blobs/uploads/?mount=\(digest)&from=library/x")))
            #expect([202, 400, 414, 431].contains(mount.status))
        }

        @Test("an upload cannot be closed without a digest, with an empty one or with two")
        func closingDigest() async throws {
            let blob = TestBlob.random(100)
            for query in ["", "digest=", "digest=\(blob.digest)&digest=\(TestBlob.random(5).digest)"] {
                let location = try await bench.begin()
                let answer = try await bench.client.send(
                    "PUT", query.isEmpty ? location : location.adding(query), body: blob.bytes)
                expectRefused(answer, [400], ["DIGEST_INVALID"])
            }
        }
    }
}
