// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import Testing

@testable import HTTPSupport

struct RouteTableTests {
    private static let table = {
        var routes = RouteTable()
        for (method, pattern) in [
            (.get, "/"), (.get, "/v2/**"), (.put, "/v2/**"), (.get, "/v2/special"), (.get, "/api/{version}/ping"),
            (.get, "/api/v2.0/projects/{name}"), (.delete, "/api/v2.0/projects/{name}"),
            (.get, "/api/v2.0/projects/{name}/members/{id}"), (.get, "/api/v2.0/projects/list"),
        ] as [(HTTPRequest.Method, String)] {
            routes.add(method, pattern, access: .open("test")) { _, _ in Response(status: .ok) }
        }
        return routes
    }()

    private func found(_ method: HTTPRequest.Method, _ path: String) -> String {
        switch Self.table.match(method, path) {
        case .route(let route, _): "\(route.method) \(route.pattern)"
        case .methodNotAllowed(let methods): "not allowed: \(methods.map(\.rawValue).joined(separator: ","))"
        case .none: "none"
        }
    }

    @Test(
        "the most literal pattern wins",
        arguments: [
            ("/", "GET /"), ("/v2", "GET /v2/**"), ("/v2/", "GET /v2/**"), ("/v2/a/b/c", "GET /v2/**"),
            ("/v2/special", "GET /v2/special"), ("/v2/special/more", "GET /v2/**"), ("/v20", "none"),
            ("/api/v2.0/ping", "GET /api/{version}/ping"), ("/api/v2.0/projects/a", "GET /api/v2.0/projects/{name}"),
            ("/api/v2.0/projects/list", "GET /api/v2.0/projects/list"), ("/api/v2.0/projects/", "none"),
            ("/api/v2.0/projects/a/members/1", "GET /api/v2.0/projects/{name}/members/{id}"),
            ("/api/v2.0/projects/a/members", "none"), ("", "none"), ("x", "none"), ("//", "none"),
            ("/%76%32/", "none"),
        ])
    func matching(_ path: String, _ expected: String) {
        #expect(found(.get, path) == expected)
    }

    @Test("HEAD goes where GET goes, other methods only where they are declared")
    func methods() {
        #expect(found(.head, "/v2/a") == "GET /v2/**")
        #expect(found(.put, "/v2/a") == "PUT /v2/**")
        #expect(found(.post, "/v2/a") == "not allowed: GET,PUT")
        #expect(found(.put, "/api/v2.0/projects/a") == "not allowed: GET,DELETE")
    }

    @Test("named segments are given raw and decoded once")
    func parameters() throws {
        guard case .route(_, let parameters) = Self.table.match(.get, "/api/v2.0/projects/a%252Fb%2Fc/members/1") else {
            Issue.record("no route")
            return
        }
        #expect(parameters.raw("name") == "a%252Fb%2Fc")
        #expect(try parameters.decoded("name") == "a%2Fb/c")
        #expect(parameters.raw("id") == "1")
        #expect(parameters.raw("other") == nil)
    }

    @Test("every declared route says who may use it")
    func access() {
        #expect(Self.table.all.count == 9)
        #expect(Self.table.all.allSatisfy { $0.access == .open("test") })
        #expect(Self.table.all.map(\.index) == Array(0..<9))
    }

    @Test(
        "a path belongs to one surface",
        arguments: [
            ("/v2", .registry), ("/v2/", .registry), ("/v2/a", .registry), ("/v2x", .plain), ("/api/v2.0/x", .harbor),
            ("/service/token", .harbor), ("/healthz", .plain),
        ] as [(String, Surface)])
    func surfaces(_ path: String, _ surface: Surface) {
        #expect(Surface(path: path) == surface)
    }
}
