// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

extension BadInput {
    @Suite("requests") struct BadRequestTests {
        let bench: Bench
        init() throws { bench = try Bench() }

        @Test("an over-long target, header or number of headers is refused and the server lives on")
        func overlong() async throws {
            let long = String(repeating: "a", count: 200_000)
            let requests: [(String, [String])] = [
                ("/v2/library/\(long)/manifests/v1", []), ("/v2/?\(long)", []), ("/v2/", ["X-Long: \(long)"]),
                ("/v2/", (0..<20_000).map { "X-H\($0): v" }),
            ]
            for (target, headers) in requests {
                if let answer = try await bench.raw("GET", target, headers) {
                    #expect((400...431).contains(answer.status), "\(answer)")
                }
            }
            #expect(try await bench.client.send("GET", "/v2/").status == 200)
        }

        @Test(
            "bytes that are no HTTP are answered with 400 or a closed connection",
            arguments: [
                "hello\r\n\r\n", "GET\r\n\r\n", "GET /v2/ HTTP/9.9\r\nHost: x\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}",
                "GET /v2/ HTTP/1.1\r\nHost x\r\n\r\n", "GET /v2/ HTTP/1.1\r\n: x\r\n\r\n", "\r\n\r\n\r\n\r\n",
                "GET http://other/v2/ HTTP/1.1\r\n\r\n",
            ])
        func noHTTP(_ text: String) async throws {
            let haven = try HavenProcess.current
            let answer = try await RawConnection.exchange(port: haven.httpPort, text, closingAfter: true)
            if let answer { #expect((400...505).contains(answer.status), "\(answer)") }
            #expect(try await bench.client.send("GET", "/v2/").status == 200)
        }

        @Test(
            "a method that a path does not have is refused",
            arguments: [
                ("POST", "/v2/"), ("PATCH", "/v2/library/x/manifests/v1"), ("POST", "/v2/library/x/tags/list"),
                ("PUT", "/v2/_catalog"), ("TRACE", "/v2/"), ("CONNECT", "/v2/"), ("BREW", "/v2/"),
                ("DELETE", "/service/token"), ("DELETE", "/healthz"),
            ])
        func method(_ method: String, _ path: String) async throws {
            let answer = try #require(try await bench.raw(method, path))
            #expect([400, 404, 405, 501].contains(answer.status), "\(answer)")
        }

        @Test("an unknown path below /v2/ is 404 with an error list")
        func unknownPath() async throws {
            let answer = try await bench.client.send("GET", "/v2/library/x/y")
            #expect(answer.status == 404)
            #expect(answer.errorCode != nil)
        }

        @Test("no answer shows a file path, a statement or a stack of the server")
        func nothingInside() async throws {
            let folder = try HavenProcess.current.folder
            for path in [
                "/v2/%", "/v2/library/x/blobs/uploads/x", "/v2/library/x/manifests/%ff", "/service/token?scope=%",
            ] {
                let answer = try #require(try await bench.raw("GET", path))
                for secret in [folder, "SELECT", ".swift", "Fatal"] { #expect(!answer.text.contains(secret)) }
            }
        }
    }
}
