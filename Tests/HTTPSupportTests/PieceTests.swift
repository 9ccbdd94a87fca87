// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing

@testable import HTTPSupport

struct PieceTests {
    @Test("a body is taken in order, then its end")
    func bodyInOrder() throws {
        var body = InboundBody(isExpected: true)
        guard case .nothingYet = try body.take() else { return #expect(Bool(false), "took from nothing") }
        body.receive(ByteBuffer(string: "a"))
        body.receive(ByteBuffer(string: "bc"))
        #expect(body.buffered == 3)
        guard case .bytes(let first) = try body.take() else { return #expect(Bool(false), "no bytes") }
        #expect(String(buffer: first) == "a" && body.buffered == 2)
        body.end()
        guard case .bytes = try body.take(), case .end = try body.take() else { return #expect(Bool(false), "no end") }
        #expect(body.received == 3 && body.isComplete)
    }

    @Test("a body that fails gives the error instead of its piece, an abandoned one keeps nothing")
    func bodyFails() {
        var body = InboundBody(isExpected: true)
        body.receive(ByteBuffer(string: "a"))
        body.fail(BodyFault.cutShort)
        #expect(throws: BodyFault.cutShort) { try body.take() }
        #expect(body.buffered == 0)
        var abandoned = InboundBody(isExpected: true)
        abandoned.abandon()
        abandoned.receive(ByteBuffer(string: "abc"))
        #expect(abandoned.buffered == 0 && abandoned.received == 3)
    }

    @Test("only waiting wears out patience, and only when too little moves")
    func patience() {
        var patience = Patience()
        let start = NIODeadline.uptimeNanoseconds(1)
        patience.beginWaiting(start)
        patience.endWaiting(start + .seconds(30))
        #expect(!patience.isExhausted(bytes: 0, rate: 10, grace: .seconds(60)))
        patience.endWaiting(start + .hours(1))
        #expect(!patience.isExhausted(bytes: 0, rate: 10, grace: .seconds(60)))
        patience.beginWaiting(start + .hours(1))
        patience.endWaiting(start + .hours(1) + .seconds(70))
        #expect(patience.isExhausted(bytes: 999, rate: 10, grace: .seconds(60)))
        #expect(!patience.isExhausted(bytes: 1000, rate: 10, grace: .seconds(60)))
    }

    @Test("windows grow for the fast and shrink for the slow, within bounds")
    func windows() {
        var window = FileWindow()
        for _ in 0..<5 { window.adapt(to: .milliseconds(10)) }
        #expect(window.length == 16 * 1024 * 1024)
        for _ in 0..<9 { window.adapt(to: .seconds(5)) }
        #expect(window.length == 256 * 1024)
        window.adapt(to: .seconds(1))
        #expect(window.length == 256 * 1024)
    }

    @Test(
        "a client's request id is kept when it may stand in a log",
        arguments: [
            ("abc-1.2_3", true), (String(repeating: "a", count: 64), true), (String(repeating: "a", count: 65), false),
            ("", false), ("a b", false), ("a\nb", false), ("é", false), ("a\"b", false),
        ])
    func requestIDs(_ id: String, _ isKept: Bool) {
        #expect(RequestIDs.accepted(id) == (isKept ? id : nil))
    }

    @Test("made request ids differ and may stand in a log")
    func madeRequestIDs() {
        let ids = RequestIDs()
        let made = (0..<100).map { _ in ids.next() }
        #expect(Set(made).count == 100)
        #expect(made.allSatisfy { $0.utf8.count == 24 && RequestIDs.accepted($0) != nil })
    }

    @Test("dates are written as RFC 9110 shows")
    func dates() {
        #expect(DateText.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    @Test("numbers are shown in Prometheus' text format")
    func metrics() {
        let registry = MetricsRegistry()
        registry.counter("haven_test_things_total", "Things.", labels: ["kind": "a\"b\\c\nd"]).add(3)
        registry.counter("haven_test_things_total", "Things.", labels: ["kind": "x"]).add()
        registry.gauge("haven_test_level", "Level.").set(-2)
        registry.gauge("haven_test_read", "Read.") { 1.5 }
        let histogram = registry.histogram("haven_test_seconds", "Time.", bounds: [1_000_000, 2_000_000_000])
        for time in [1_000_000, 1_000_001, 3_000_000_000] { histogram.observe(nanoseconds: time) }
        #expect(
            registry.text() == """
                # HELP haven_test_things_total Things.
                # TYPE haven_test_things_total counter
                haven_test_things_total{kind="a\\"b\\\\c\\nd"} 3
                haven_test_things_total{kind="x"} 1
                # HELP haven_test_level Level.
                # TYPE haven_test_level gauge
                haven_test_level -2
                # HELP haven_test_read Read.
                # TYPE haven_test_read gauge
                haven_test_read 1.5
                # HELP haven_test_seconds Time.
                # TYPE haven_test_seconds histogram
                haven_test_seconds_bucket{le="0.001"} 1
                haven_test_seconds_bucket{le="2.0"} 2
                haven_test_seconds_bucket{le="+Inf"} 3
                haven_test_seconds_sum 3.002000001
                haven_test_seconds_count 3

                """)
    }
}
