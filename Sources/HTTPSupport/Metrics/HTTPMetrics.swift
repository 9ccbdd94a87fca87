// SPDX-License-Identifier: Apache-2.0
import HTTPTypes

/// What the server counts of its requests: by route and class of status, never by repository or caller.
final class HTTPMetrics: Sendable {
    private struct RouteSeries: Sendable {
        let byClass: [Counter]
        let seconds: Histogram
    }

    private let byRoute: [RouteSeries]
    private let undeclared: RouteSeries
    private let running: Gauge
    private let received: Counter
    private let sent: Counter
    private let cut: Counter
    private let badMessages: Counter

    init(registry: MetricsRegistry, routes: RouteTable) {
        func series(_ method: String, _ pattern: String) -> RouteSeries {
            RouteSeries(
                byClass: (1...5).map {
                    registry.counter(
                        "haven_http_requests_total", "Requests answered.",
                        labels: ["method": method, "route": pattern, "status": "\($0)xx"])
                },
                seconds: registry.histogram(
                    "haven_http_request_duration_seconds", "From the end of the head to the end of the answer.",
                    labels: ["method": method, "route": pattern]))
        }
        byRoute = routes.all.map { series($0.method.rawValue, $0.pattern) }
        undeclared = series("other", "none")
        running = registry.gauge("haven_http_requests_running", "Requests being answered.")
        received = registry.counter("haven_http_received_bytes_total", "Bytes of request bodies.")
        sent = registry.counter("haven_http_sent_bytes_total", "Bytes of answer bodies.")
        cut = registry.counter("haven_http_answers_cut_total", "Answers that did not reach their end.")
        badMessages = registry.counter("haven_http_bad_messages_total", "Messages that were no request.")
    }

    /// Requests being answered, bodies included.
    var runningRequests: Int { running.current }

    func began() {
        running.add(1)
    }

    func finished(_ route: Route?, status: Int, nanoseconds: Int64, bytesIn: Int, bytesOut: Int, wasCut: Bool) {
        let series = route.map { byRoute[$0.index] } ?? undeclared
        series.byClass[min(max(status / 100, 1), 5) - 1].add()
        series.seconds.observe(nanoseconds: Int(nanoseconds))
        running.add(-1)
        if bytesIn > 0 { received.add(bytesIn) }
        if bytesOut > 0 { sent.add(bytesOut) }
        if wasCut { cut.add() }
    }

    func refused(_ status: Int) {
        badMessages.add()
    }
}
