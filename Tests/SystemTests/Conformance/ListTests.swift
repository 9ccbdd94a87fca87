// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension Conformance {
    /// distribution-spec, "Listing Tags", and the catalog of the distribution project.
    @Suite("lists") struct ListTests {
        let bench: Bench
        init() throws { bench = try Bench() }

        @Test("tags are listed in byte order")
        func sorted() async throws {
            try await pushTags(["b", "A", "a", "z1", "Z", "_x", "1.0", "a-b", "a.b"])
            let answer = try await bench.get("tags/list")
            #expect(answer.status == 200)
            #expect(answer["content-type"]?.hasPrefix("application/json") == true)
            #expect(answer.json?["name"] as? String == bench.name)
            #expect(tags(answer) == ["1.0", "A", "Z", "_x", "a", "a-b", "a.b", "b", "z1"])
        }

        @Test("n limits a page of tags and Link leads to the next one until the end")
        func pages() async throws {
            try await pushTags(["t1", "t2", "t3", "t4", "t5"])
            var seen: [[String]] = []
            var next: String? = bench.path("tags/list?n=2")
            while let target = next {
                let answer = try await bench.client.send("GET", target)
                #expect(answer.status == 200)
                seen.append(tags(answer))
                next = answer["link"].flatMap { $0.firstMatch(of: #/<([^>]+)>; *rel="next"/#).map { String($0.1) } }
                try #require(seen.count < 10)
            }
            #expect(seen == [["t1", "t2"], ["t3", "t4"], ["t5"]])
        }

        @Test("last starts a page after a tag, whether that tag exists or not")
        func last() async throws {
            try await pushTags(["t1", "t2", "t3"])
            #expect(tags(try await bench.get("tags/list?last=t1")) == ["t2", "t3"])
            #expect(tags(try await bench.get("tags/list?last=t1x&n=1")) == ["t2"])
            #expect(tags(try await bench.get("tags/list?last=t3")) == [])
        }

        @Test("n=0 gives an empty page without a link")
        func zero() async throws {
            try await pushTags(["t1"])
            let answer = try await bench.get("tags/list?n=0")
            #expect(answer.status == 200)
            #expect(tags(answer) == [])
            #expect(answer["link"] == nil)
        }

        @Test("an n beyond every limit is lowered to the largest page", arguments: ["20000", "99999999999999999999"])
        func largeCount(_ n: String) async throws {
            try await pushTags(["t1", "t2"])
            let answer = try await bench.get("tags/list?n=\(n)")
            #expect(answer.status == 200)
            #expect(tags(answer) == ["t1", "t2"])
            #expect(answer["link"] == nil)
            let catalog = try await bench.client.send("GET", "/v2/_catalog?n=\(n)")
            #expect(catalog.status == 200)
        }

        @Test("a malformed n is refused with 400", arguments: ["-1", "x", "1.5", "%00"])
        func malformedCount(_ n: String) async throws {
            try await pushTags(["t1"])
            let answer = try await bench.get("tags/list?n=\(n)")
            #expect(answer.status == 400)
            #expect(answer.errorCode == "PAGINATION_NUMBER_INVALID")
        }

        @Test("a repository with blobs or untagged manifests only has an empty list of tags")
        func untagged() async throws {
            try await bench.push(TestImage.make())
            let answer = try await bench.get("tags/list")
            #expect(answer.status == 200)
            #expect(answer.json?["tags"] is [Any])
            #expect(tags(answer) == [])
        }

        @Test("the tags of an unknown repository are 404 NAME_UNKNOWN")
        func unknown() async throws {
            let answer = try await bench.get("tags/list")
            #expect(answer.status == 404)
            #expect(answer.errorCode == "NAME_UNKNOWN")
        }

        @Test("a missing project is 404 NAME_UNKNOWN and the answer names it")
        func missingProject() async throws {
            let answer = try await bench.client.send("GET", "/v2/no-such-project/app/tags/list")
            #expect(answer.status == 404)
            #expect(answer.errorCode == "NAME_UNKNOWN")
            #expect(answer.text.contains("no-such-project"))
        }

        @Test("the catalog lists repositories in byte order, page by page")
        func catalog() async throws {
            try await bench.push(TestImage.make(), at: "v1")
            let other = try Bench()
            try await other.push(TestImage.make(), at: "v1")
            var seen: [String] = []
            var next: String? = "/v2/_catalog?n=1"
            while let target = next, seen.count < 2_000 {
                let answer = try await bench.client.send("GET", target)
                #expect(answer.status == 200)
                let page = answer.json?["repositories"] as? [String] ?? []
                #expect(page.count <= 1)
                seen += page
                next = answer["link"].flatMap { $0.firstMatch(of: #/<([^>]+)>; *rel="next"/#).map { String($0.1) } }
            }
            #expect(seen.contains(bench.name) && seen.contains(other.name))
            #expect(seen == seen.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }

        private func pushTags(_ names: [String]) async throws {
            let image = TestImage.make(layers: [])
            for name in names { try await bench.push(image, at: name) }
        }

        private func tags(_ answer: Answer) -> [String] { answer.json?["tags"] as? [String] ?? ["?"] }
    }
}
