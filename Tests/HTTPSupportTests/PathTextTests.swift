// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import Testing

struct PathTextTests {
    @Test(
        "a path is decoded exactly once",
        arguments: [
            ("/v2/a/b", "/v2/a/b"), ("/v2/%61", "/v2/a"), ("/%2561", "/%61"), ("/%C3%A9", "/é"), ("/a..b", "/a..b"),
        ])
    func decoding(_ raw: String, _ text: String) throws {
        #expect(try PathText.path(raw) == text)
    }

    @Test(
        "what two readers could read as two paths is refused",
        arguments: [
            ("/a%2fb", .encodedSlash), ("/a%2Fb", .encodedSlash), ("/a%5cb", .encodedSlash), ("/a%00", .nul),
            ("/a\0", .nul), ("/%", .badEscape), ("/%1", .badEscape), ("/%g1", .badEscape), ("/%ff", .notUTF8),
            ("/%c0%af", .notUTF8), ("/../a", .dotSegment), ("/a/..", .dotSegment), ("/a/%2e%2E/b", .dotSegment),
            ("/./a", .dotSegment),
        ] as [(String, PathFault)])
    func refusing(_ raw: String, _ fault: PathFault) {
        #expect(throws: fault) { try PathText.path(raw) }
    }
}
