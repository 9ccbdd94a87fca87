// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@Suite("Names, tags and references")
struct NameTests {
    @Test(
        "a repository name is taken apart into its project and the rest",
        arguments: [
            ("library/app", "library", "app"), ("a/b", "a", "b"), ("team-1/base/alpine", "team-1", "base/alpine"),
            ("my.org/a__b/c--d/e.f_g", "my.org", "a__b/c--d/e.f_g"), ("0/1", "0", "1"),
            ("p/" + String(repeating: "a", count: 253), "p", String(repeating: "a", count: 253)),
        ])
    func accepted(_ text: String, _ project: String, _ rest: String) throws {
        let name = try #require(RepositoryName(text))
        #expect(name.description == text)
        #expect(name.project.description == project)
        #expect(name.withoutProject == rest)
        #expect(ProjectName(project) == name.project)
    }

    @Test(
        "what is not a repository name in a project is refused",
        arguments: [
            "", "/", "alpine", "/a/b", "a/b/", "a//b", "a/", "A/b", "a/B", "a/b c", "a/-b", "a/b-", "a/b.", "a/.b",
            "a/..", "../a", "a/../b", "a/b..c", "a/b___c", "a/b._c", "a/b-_c", "a/b_-c", "a__b/c", "a--b/c", "a/b%2fc",
            "a/b\0", "a/b\n", "ä/b", "a/ü", "a/b:c", "a/b@c", "a/ｂ", "a/b\u{2F}\u{301}c",
            "p/" + String(repeating: "a", count: 254), String(repeating: "a", count: 255) + "/b",
        ])
    func refused(_ text: String) { #expect(RepositoryName(text) == nil) }

    @Test("a project name follows Harbor's grammar")
    func projects() {
        for text in ["a", "library", "my-team", "a.b_c-d", String(repeating: "z", count: 255), "0"] {
            #expect(ProjectName(text)?.description == text)
        }
        for text in ["", "A", "a__b", "a--b", "a..b", "-a", "a-", ".a", "a.", "a/b", "a b", "é", "a\0"] {
            #expect(ProjectName(text) == nil, "\(text)")
        }
        #expect(ProjectName(String(repeating: "z", count: 256)) == nil)
    }

    @Test("a tag follows the specification's grammar")
    func tags() {
        for text in ["latest", "v1.2.3", "_", "A", "1", "a-._b", "sha256-abc.sig", String(repeating: "x", count: 128)] {
            #expect(Tag(text)?.description == text)
        }
        for text in ["", ".a", "-a", "a b", "a:b", "a/b", "a+b", "é", "a\0", "a\n", String(repeating: "x", count: 129)]
        {
            #expect(Tag(text) == nil, "\(text)")
        }
    }

    @Test("tags and names sort by their bytes")
    func order() {
        let tags = ["b", "a", "B", "A", "_", "1", "a.b", "a-b", "a_b", "10", "9"].compactMap { Tag($0) }
        #expect(tags.sorted().map(\.description) == ["1", "10", "9", "A", "B", "_", "a", "a-b", "a.b", "a_b", "b"])
        let names = ["b/a", "a/b", "a-b/c", "a/a", "a.b/a"].compactMap { RepositoryName($0) }
        #expect(names.sorted().map(\.description) == ["a-b/c", "a.b/a", "a/a", "a/b", "b/a"])
    }

    @Test("a reference with a colon can only be a digest")
    func references() throws {
        let digest = try #require(Digest(DigestTests.abc256))
        #expect(Reference("latest")?.tag == Tag("latest"))
        #expect(Reference(DigestTests.abc256) == .digest(digest))
        #expect(Reference(DigestTests.abc512)?.description == DigestTests.abc512)
        for text in ["", ":", "a:b", "sha256:baddigeststring", "latest:", "tag@x", "sha256:"] {
            #expect(Reference(text) == nil, "\(text)")
        }
    }
}
