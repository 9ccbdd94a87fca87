// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

struct PlainServerTests {
    static func routes() -> RouteTable {
        var routes = RouteTable()
        routes.add(.get, "/hello", access: .open("test")) { request, context in
            memoryResponse(
                request, context, bytes: ByteBuffer(string: "hello"), headers: [.contentType: "text/plain"])
        }
        routes.add(.put, "/echo", access: .open("test")) { request, _ in
            var bytes = ByteBuffer()
            for try await chunk in request.body { bytes.writeImmutableBuffer(chunk) }
            return Response(status: .ok, body: ResponseBody(byteBuffer: bytes))
        }
        return routes
    }

    @Test("a GET is answered and the connection stays open for the next")
    func keepAlive() async throws {
        try await withServer(Self.routes()) { server in
            let client = try await RawClient(port: server.port)
            try await client.send("GET /hello HTTP/1.1\nHost: a\n\n")
            #expect(try await client.read(until: "\n\nhello").hasPrefix("HTTP/1.1 200 OK\r\n"))
            try await client.send("GET /hello HTTP/1.1\nHost: a\n\n")
            try await poll("the second answer") {
                client.text.split(separator: "hello").count >= 2 && client.text.hasSuffix("hello")
            }
            #expect(!client.isEnded)
        }
    }

    @Test("a body comes back as it was sent")
    func echo() async throws {
        try await withServer(Self.routes()) { server in
            let client = try await RawClient(port: server.port)
            try await client.send("PUT /echo HTTP/1.1\nHost: a\nContent-Length: 5\n\nabcde")
            _ = try await client.read(until: "\n\nabcde")
            try await client.send("PUT /echo HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nxyz\n2\nuv\n0\n\n")
            _ = try await client.read(until: "\n\nxyzuv")
        }
    }
}
