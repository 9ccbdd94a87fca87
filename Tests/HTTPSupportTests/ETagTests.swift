// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import Testing

struct ETagTests {
    private let tag = ETag("sha256:ab")

    @Test(
        "If-None-Match is a list, compared weakly",
        arguments: [
            (#""sha256:ab""#, true), (#"W/"sha256:ab""#, true), ("*", true), (#""x", "sha256:ab""#, true),
            (#""x",W/"sha256:ab" , "y""#, true), ("sha256:ab", true), (#""x""#, false), ("", false),
            (#""a,sha256:ab,b""#, false), (#""sha256:abc""#, false), (#","sha256:ab","#, true),
        ])
    func ifNoneMatch(_ header: String, _ expected: Bool) {
        #expect(tag.matches(ifNoneMatch: header) == expected)
    }

    @Test(
        "If-Range is one tag, compared strongly",
        arguments: [
            (#""sha256:ab""#, true), (#"W/"sha256:ab""#, false), (#""x""#, false),
            ("Sun, 06 Nov 1994 08:49:37 GMT", false), ("*", false),
        ])
    func ifRange(_ header: String, _ expected: Bool) {
        #expect(tag.matches(ifRange: header) == expected)
    }

    @Test("a weak tag never serves a range")
    func weak() {
        #expect(!ETag("a", isWeak: true).matches(ifRange: #"W/"a""#))
        #expect(ETag("a", isWeak: true).description == #"W/"a""#)
    }
}
