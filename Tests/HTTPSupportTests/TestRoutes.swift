// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore

/// An error with an answer of its own.
struct Teapot: AnswerableError {
    var logMessage: String? { "the teapot's reason" }

    func response(for request: Request) -> Response {
        Surface(path: request.uri.path).failure(.init(code: 418), code: "TEAPOT", "short and stout")
    }
}

/// An error with secrets.
struct Unexpected: Error {
    let secret = "hunter2"
}

enum TestRoutes {
    /// Routes that show what the server does with requests, bodies and errors.
    static var table: RouteTable {
        var routes = RouteTable()
        routes.add(.get, "/hello", access: .open("test")) { request, context in
            memoryResponse(
                request, context, bytes: ByteBuffer(string: "hello"),
                headers: [.contentType: "text/plain", .eTag: "\"h\""])
        }
        for pattern in ["/echo", "/v2/echo"] {
            routes.add(.put, pattern, access: .open("test")) { request, _ in
                var bytes = ByteBuffer()
                for try await chunk in request.body { bytes.writeImmutableBuffer(chunk) }
                return Response(status: .ok, body: ResponseBody(byteBuffer: bytes))
            }
        }
        routes.add(.put, "/v2/small", access: .open("test")) { request, _ in
            let bytes = try await request.wholeBody(upTo: 10)
            return Response(status: .ok, body: ResponseBody(byteBuffer: bytes))
        }
        routes.add(.put, "/count", access: .open("test")) { request, _ in
            var count = 0
            for try await chunk in request.body { count += chunk.readableBytes }
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "\(count)\n")))
        }
        for pattern in ["/v2/denied", "/denied"] {
            routes.add(.put, pattern, access: .open("test")) { request, _ in
                Surface(path: request.uri.path).failure(.unauthorized, "log in first")
            }
        }
        for path in ["/v2/teapot", "/api/teapot", "/teapot"] {
            routes.add(.get, path, access: .open("test")) { _, _ in throw Teapot() }
        }
        for path in ["/v2/broken", "/api/broken", "/broken"] {
            routes.add(.get, path, access: .open("test")) { _, _ in throw Unexpected() }
        }
        routes.add(.get, "/who", access: .open("test")) { _, context in
            let text = "\(context.clientAddress) \(context.clientScheme) \(context.host)\n"
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
        routes.add(.get, "/stream", access: .open("test")) { _, context in
            context.notes.note("caller", "alice")
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    for piece in ["one,", "two,", "three"] { try await writer.write(ByteBuffer(string: piece)) }
                    try await writer.finish(nil)
                })
        }
        routes.add(.get, "/large", access: .open("test")) { request, context in
            memoryResponse(request, context, bytes: ByteBuffer(repeating: 0x61, count: 20_000_000), headers: [:])
        }
        for method in [HTTPRequest.Method.get, .put] {
            routes.add(method, "/patient", access: .open("test")) { request, _ in
                for try await _ in request.body {}
                try await Task.sleep(for: .seconds(60))
                return Response(status: .ok)
            }
        }
        routes.add(.get, "/short", access: .open("test")) { _, _ in
            Response(
                status: .ok,
                body: ResponseBody(contentLength: 10) { writer in
                    try await writer.write(ByteBuffer(string: "half"))
                    try await writer.finish(nil)
                })
        }
        return routes
    }
}
