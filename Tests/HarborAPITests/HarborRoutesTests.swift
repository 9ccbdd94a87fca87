// SPDX-License-Identifier: Apache-2.0

import HTTPSupport
import HTTPTypes
import HarborAPI
import HummingbirdCore
import Logging
import NIOCore
import Synchronization
import Testing

/// Counts; shared between tasks.
private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}

/// Collects a body.
private final class Collector: ResponseBodyWriter {
    let text: Mutex<String>
    let done: @Sendable (String) -> Void

    init(done: @escaping @Sendable (String) -> Void) {
        self.text = Mutex("")
        self.done = done
    }

    func write(_ buffer: ByteBuffer) async throws { text.withLock { $0 += String(buffer: buffer) } }
    func finish(_ trailingHeaders: HTTPFields?) async throws { done(text.withLock { $0 }) }
}

@Suite("Harbor's API")
struct HarborRoutesTests {
    private func answer(
        _ path: String, _ components: [HealthComponent] = [], limit: Duration = .seconds(5)
    ) async throws -> (status: Int, type: String?, body: String) {
        var routes = RouteTable()
        HarborRoutes(health: HealthReport(components, limit: limit)).declare(in: &routes)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let responder = RequestResponder(routes: routes, logger: logger, log: nil, metrics: MetricsRegistry())
        let head = HTTPRequest(method: .get, scheme: "http", authority: "h", path: path)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        let response = await responder.respond(
            to: request, HavenRequestContext(requestID: "r", logger: logger)
        ).response
        let body = Mutex("")
        try await response.body.write(Collector { text in body.withLock { $0 = text } })
        return (response.status.code, response.headers[.contentType], body.withLock { $0 })
    }

    @Test("ping answers Pong")
    func ping() async throws {
        let answer = try await answer("/api/v2.0/ping")
        #expect(answer.status == 200)
        #expect(answer.body == "Pong")
    }

    @Test("version names the API")
    func version() async throws {
        let answer = try await answer("/api/version")
        #expect(answer.status == 200)
        #expect(answer.type == "application/json")
        #expect(answer.body == #"{"version":"v2.0"}"#)
    }

    @Test("health is healthy when every component is; a warning does not change that")
    func healthy() async throws {
        let answer = try await answer(
            "/api/v2.0/health",
            [HealthComponent("core") { .healthy }, HealthComponent("storage") { .warning("600 MB free") }])
        #expect(answer.status == 200)
        #expect(
            answer.body
                == #"{"status":"healthy","components":[{"name":"core","status":"healthy"},"#
                + #"{"name":"storage","status":"healthy","warning":"600 MB free"}]}"#)
    }

    @Test("health tells of a component that is not needed, and stays available")
    func optional() async throws {
        let answer = try await answer(
            "/api/v2.0/health",
            [
                HealthComponent("core") { .healthy },
                HealthComponent("redis", isRequired: false) { .unhealthy("no answer") },
            ])
        #expect(answer.status == 200)
        #expect(
            answer.body
                == #"{"status":"unhealthy","components":[{"name":"core","status":"healthy"},"#
                + #"{"name":"redis","status":"unhealthy","error":"no answer"}]}"#)
    }

    @Test("health names the component that does not work, and says so by its status too")
    func unhealthy() async throws {
        let answer = try await answer(
            "/api/v2.0/health",
            [HealthComponent("core") { .healthy }, HealthComponent("database") { .unhealthy("not reachable") }])
        #expect(answer.status == 503)
        #expect(
            answer.body
                == #"{"status":"unhealthy","components":[{"name":"core","status":"healthy"},"#
                + #"{"name":"database","status":"unhealthy","error":"not reachable"}]}"#)
    }

    @Test("a component that hangs counts as unhealthy and delays nobody for longer than the limit")
    func hanging() async throws {
        let gate = AsyncStream.makeStream(of: Void.self)
        let hanging = HealthComponent("database") {
            // Deaf to cancellation, as a stuck system call is.
            await Task { for await _ in gate.stream { break } }.value
            return .healthy
        }
        let answer = try await answer("/api/v2.0/health", [hanging], limit: .milliseconds(20))
        #expect(answer.status == 503)
        #expect(answer.body.contains("no answer within"))
        gate.continuation.finish()
    }

    @Test("however many ask, the components are asked once")
    func once() async throws {
        let looks = Counter()
        let report = HealthReport(
            [
                HealthComponent("core") {
                    looks.add()
                    return .healthy
                }
            ], freshness: .seconds(600))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { _ = await report.current() } }
        }
        #expect(looks.value == 1)
    }

    @Test("an unknown operation is 404 in Harbor's error document")
    func unknown() async throws {
        let answer = try await answer("/api/v2.0/nothing")
        #expect(answer.status == 404)
        #expect(answer.body.contains(#""code":"NOT_FOUND""#))
    }

    @Test("every route says who may use it")
    func access() {
        var routes = RouteTable()
        HarborRoutes(health: HealthReport([])).declare(in: &routes)
        #expect(routes.all.map(\.pattern) == ["/api/v2.0/ping", "/api/v2.0/health", "/api/version"])
        for route in routes.all {
            if case .open(let reason) = route.access { #expect(!reason.isEmpty) } else { Issue.record("\(route)") }
        }
    }
}
