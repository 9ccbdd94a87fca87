// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
package import HummingbirdCore
import NIOCore
import Synchronization

extension MetricsRegistry {
    /// All families in Prometheus' text format, version 0.0.4.
    package func text() -> String {
        families.withLock { $0 }.map { family in
            "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind)\n"
                + family.series.map { Self.lines(family.name, $0.labels, $0.series) }.joined()
        }.joined()
    }

    /// The answer of `GET /metrics`.
    package func response() -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text())))
    }

    private static func lines(_ name: String, _ labels: String, _ series: Series) -> String {
        switch series {
        case .counter(let counter): line(name, labels, "\(counter.current)")
        case .gauge(let gauge): line(name, labels, "\(gauge.current)")
        case .computed(let read): line(name, labels, "\(read())")
        case .histogram(let histogram): lines(name, labels, histogram)
        }
    }

    private static func lines(_ name: String, _ labels: String, _ histogram: Histogram) -> String {
        let (counts, sum) = histogram.snapshot
        var (text, total) = ("", 0)
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? "\(Double(histogram.bounds[index]) / 1e9)" : "+Inf"
            text += line("\(name)_bucket", labels + (labels.isEmpty ? "" : ",") + "le=\"\(bound)\"", "\(total)")
        }
        return text + line("\(name)_sum", labels, "\(Double(sum) / 1e9)") + line("\(name)_count", labels, "\(total)")
    }

    private static func line(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }
}
