// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

struct QueryTests {
    private func query(_ path: String) throws -> PageQuery {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "a", path: path)
        return try PageQuery(Request(head: head, body: RequestBody(buffer: ByteBuffer())), limit: 100)
    }

    @Test(
        "n is clamped to the limit and last is decoded",
        arguments: [
            ("/t", 100, nil), ("/t?n=3", 3, nil), ("/t?n=0", 0, nil), ("/t?n=1000", 100, nil),
            ("/t?n=99999999999999999999", 100, nil), ("/t?n=5&last=a%2Fb", 5, "a/b"), ("/t?last=1+2", 100, "1+2"),
            ("/t?last=", 100, nil), ("/t?x=1&n=2&n=3", 2, nil), ("/t?n=2#n=3", 2, nil),
        ] as [(String, Int, String?)])
    func pages(_ path: String, _ count: Int, _ last: String?) throws {
        #expect(try query(path) == PageQuery(count: count, last: last))
    }

    @Test("an n that is no number from 0 is refused", arguments: ["n=-1", "n=", "n=a", "n=1.5", "n=%zz", "n=+1"])
    func badNumbers(_ text: String) {
        #expect(throws: RequestFault.self) { try query("/t?\(text)") }
    }

    @Test("all values of a parameter are seen in order")
    func repeated() throws {
        #expect(try QueryText("/x?tag=a&t%61g=b&other=c&tag").values("tag") == ["a", "b", ""])
        #expect(try QueryText("/x").value("tag") == nil)
    }

    @Test("a Link header names the next page with escaped values")
    func link() {
        #expect(
            LinkHeader.next("/v2/a/b/tags/list", [("n", "2"), ("last", "v1 é/&")])
                == "</v2/a/b/tags/list?n=2&last=v1%20%C3%A9%2F%26>; rel=\"next\"")
        #expect(LinkHeader.next("/x", []) == "</x>; rel=\"next\"")
    }
}
