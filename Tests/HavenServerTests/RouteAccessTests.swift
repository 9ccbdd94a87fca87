// SPDX-License-Identifier: Apache-2.0
import Access
import Foundation
import HTTPSupport
import HTTPTypes
import HavenServer
import HummingbirdCore
import Logging
import NIOCore
import TestKit
import Testing

/// Every way into the server, generated from the table the server itself uses: a new route is tested the moment it is declared.
@Suite("who may use the routes")
struct RouteAccessTests {
    private static let digest = "sha256:" + String(repeating: "0", count: 64)
    private static let paths = [
        "/v2", "/v2/", "/v2/_catalog", "/v2/secret/app/tags/list", "/v2/secret/app/manifests/latest",
        "/v2/secret/app/manifests/\(digest)", "/v2/secret/app/blobs/\(digest)", "/v2/secret/app/referrers/\(digest)",
        "/v2/secret/app/blobs/uploads/", "/v2/secret/app/blobs/uploads/\(String(repeating: "0", count: 32))",
        "/v2/absent/app/tags/list", "/v2/absent/app/blobs/\(digest)",
    ]

    private func withServer(
        _ body: (HavenNode, RouteTable, RequestResponder) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            var sources = SettingSources()
            sources.flags = ["data_volume": folder + "/data"]
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let node = try await HavenNode.open(try Settings(sources), logger: logger)
            _ = try await node.access.prepare(adminPassword: "Correct-horse-1")
            try await node.access.createProject(name: "secret", isPublic: false, quota: nil)
            try await node.access.createUser(name: "outsider", password: "Correct-horse-1", isAdmin: false)
            let routes = Front.routes(node, HealthState())
            try await body(
                node, routes, RequestResponder(routes: routes, logger: logger, log: nil, metrics: MetricsRegistry()))
            await node.close()
        }
    }

    private func status(
        _ method: HTTPRequest.Method, _ path: String, _ responder: RequestResponder, as user: String? = nil
    ) async -> Int {
        var head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path)
        if let user {
            let credentials = Data("\(user):Correct-horse-1".utf8).base64EncodedString()
            head.headerFields[.authorization] = "Basic \(credentials)"
        }
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        let context = HavenRequestContext(
            requestID: "test", clientAddress: "127.0.0.1",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return await responder.respond(to: request, context).response.status.code
    }

    @Test("nobody gets past 401 at any route that is not declared open")
    func anonymous() async throws {
        try await withServer { _, routes, responder in
            for route in routes.all {
                switch route.access {
                case .open(let reason): #expect(!reason.isEmpty, "\(route.pattern)")
                case .token: #expect(await status(route.method, route.pattern, responder) == 400)
                case .api: #expect(await status(route.method, route.pattern, responder) == 401)
                case .registry: break
                }
            }
            for method in Set(routes.all.filter { $0.access == .registry }.map(\.method)) {
                for path in Self.paths {
                    let code = await status(method, path, responder)
                    #expect(code == 401 || code == 405, "\(method) \(path) answers \(code) to nobody")
                }
            }
        }
    }

    @Test("who has no part in a private project learns nothing of it, not even whether it exists")
    func outsider() async throws {
        try await withServer { _, routes, responder in
            for method in Set(routes.all.filter { $0.access == .registry }.map(\.method)) {
                for path in Self.paths where path.contains("secret") {
                    let code = await status(method, path, responder, as: "outsider")
                    let absent = path.replacing("secret", with: "absent")
                    #expect(code == 404 || code == 405, "\(method) \(path) answers \(code)")
                    #expect(await status(method, absent, responder, as: "outsider") == code)
                }
            }
        }
    }

    @Test("what is not declared is not there")
    func undeclared() async throws {
        try await withServer { _, _, responder in
            for path in ["/index.html", "/v1/", "/v2x", "/api/v2.0/users", "/service/notary", "/metrics", "/../etc"] {
                #expect(await status(.get, path, responder, as: "admin") == 404, "\(path)")
            }
        }
    }
}
