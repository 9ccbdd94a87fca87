// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Access

@Suite("Tag patterns")
struct TagPatternTests {
    @Test(
        "patterns match as Harbor's do",
        arguments: [
            ("latest", ["latest"], ["latest1", "xlatest", "", "LATEST"]),
            ("*", ["a", "v1.2-rc_3", ""], ["a/b"]),
            ("**", ["a", "a/b/c", ""], []),
            ("v*", ["v", "v1", "v1.2.3"], ["x1", "1v"]),
            ("v*.*", ["v1.2", "v.", "v1.2.3"], ["v1"]),
            ("?", ["a"], ["", "ab", "/"]),
            ("v[0-9]", ["v0", "v9"], ["va", "v10", "v"]),
            ("v[!0-9]*", ["va", "va1"], ["v1", "v"]),
            ("v[^a-c-]", ["vd"], ["va", "v-"]),
            ("{stable,release-*}", ["stable", "release-", "release-1"], ["stable1", "release"]),
            ("{a,{b,c}d}e", ["ae", "bde", "cde"], ["e", "ade", "be"]),
            ("{,x}y", ["y", "xy"], ["xxy"]),
            ("a,b}", ["a,b}"], ["a"]),
            (#"\*"#, ["*"], ["a", #"\*"#]),
            ("library/**", ["library/a", "library/a/b", "library/"], ["library", "other/a"]),
            ("**/app", ["app", "a/app", "a/b/app"], ["xapp", "a/b/xapp"]),
            ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]),
        ])
    func matches(pattern: String, yes: [String], no: [String]) throws {
        let pattern = try TagPattern(pattern)
        for text in yes { #expect(pattern.matches(text), "\(text)") }
        for text in no { #expect(!pattern.matches(text), "\(text)") }
    }

    @Test(
        "what is no pattern is refused with its fault",
        arguments: [
            ("", PatternFault.length), (String(repeating: "a", count: 256), .length), ("{a", .unclosed("{")),
            ("[a", .unclosed("[")), ("[]", .emptySet), ("[z-a]", .emptySet), (#"a\"#, .trailingEscape),
            (String(repeating: "{", count: 9) + String(repeating: "}", count: 9), .nesting),
        ])
    func refuses(pattern: String, fault: PatternFault) {
        #expect(throws: fault) { try TagPattern(pattern) }
    }

    @Test("hostile patterns take no more steps than pattern times text")
    func hostile() throws {
        let pattern = try TagPattern(String(repeating: "*a", count: 100) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 128)))
        let nested = try TagPattern(String(repeating: "{*,**}", count: 40))
        #expect(nested.matches(String(repeating: "a", count: 128)))
    }

    @Test("a stored pattern that cannot be read protects every tag")
    func damaged() throws {
        let latest = try #require(Tag("latest"))
        #expect(!ImmutableTags([]).contains(latest))
        #expect(!ImmutableTags(["v*"]).contains(latest))
        #expect(ImmutableTags(["v*", "la*"]).contains(latest))
        #expect(ImmutableTags(["["]).contains(latest))
    }
}
