// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

struct DrainTests {

    @Test("health says ok, then draining; a local fault is 503")
    func health() {
        let health = HealthState()
        #expect(health.response().status == .ok)
        health.report(localFault: "the disk is full")
        #expect(health.response().status == .serviceUnavailable)
        health.report(localFault: nil)
        #expect(health.response().status == .ok)
        health.beginDraining()
        #expect(health.response().status == .notFound && health.isDraining)
    }

    @Test("while draining the listener still serves for the delay, then closes; a running transfer finishes")
    func drains() async throws {
        try await withServer(TestRoutes.table, drainDelay: .seconds(3)) { server in
            let upload = try await RawClient(port: server.port)
            try await upload.send("PUT /echo HTTP/1.1\nHost: a\nContent-Length: 6\n\nabc")
            let idle = try await RawClient(port: server.port)
            try await idle.send("GET /hello HTTP/1.1\nHost: a\n\n")
            _ = try await idle.read(until: "hello")
            await server.shutDown()
            try await poll("the drain to begin") { server.health.isDraining }
            let late = try await RawClient(port: server.port)
            try await late.send("GET /hello HTTP/1.1\nHost: a\n\n")
            _ = try await late.read(until: "hello")
            _ = try await idle.readToEnd()
            await #expect(throws: (any Error).self) { try await RawClient(port: server.port) }
            #expect(!upload.isEnded)
            try await upload.send("def")
            let answer = try await upload.readToEnd()
            #expect(answer.hasSuffix("\r\n\r\nabcdef") && answer.contains("Connection: close\r\n"))
        }
    }

    @Test("a transfer that outlasts the drain time is cut")
    func cuts() async throws {
        try await withServer(TestRoutes.table, drainTimeout: .milliseconds(300)) { server in
            let client = try await RawClient(port: server.port)
            try await client.send("PUT /echo HTTP/1.1\nHost: a\nContent-Length: 6\n\nabc")
            try await poll("the request to run") { server.metrics.text().contains("haven_http_requests_running 1\n") }
            await server.shutDown()
            #expect(try await client.readToEnd().isEmpty)
        }
    }
}
