// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A number that only grows.
package final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    package init() {}

    package func add(_ amount: Int = 1) {
        value.add(amount, ordering: .relaxed)
    }

    package var current: Int { value.load(ordering: .relaxed) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let value = Atomic<Int>(0)

    package init() {}

    package func add(_ amount: Int) {
        value.add(amount, ordering: .relaxed)
    }

    package func set(_ amount: Int) {
        value.store(amount, ordering: .relaxed)
    }

    package var current: Int { value.load(ordering: .relaxed) }
}

/// How many durations fell below each of some bounds.
package final class Histogram: Sendable {
    /// Upper bounds in nanoseconds: 1 ms to 100 s in steps of about three.
    package static let defaultBounds = [
        1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000, 300_000_000, 1_000_000_000, 3_000_000_000,
        10_000_000_000, 30_000_000_000, 100_000_000_000,
    ]

    let bounds: [Int]
    private let buckets: [Counter]
    private let sum = Counter()

    package init(bounds: [Int] = Histogram.defaultBounds) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Counter() }
    }

    package func observe(nanoseconds: Int) {
        buckets[bounds.firstIndex { nanoseconds <= $0 } ?? bounds.count].add()
        sum.add(nanoseconds)
    }

    /// The counts per bucket, the last one without bound, and the sum in nanoseconds.
    var snapshot: (counts: [Int], sum: Int) { (buckets.map(\.current), sum.current) }
}

/// All numbers this process shows at `/metrics`.
///
/// Names follow `haven_<room>_<what>_<unit>`. Series are made once and kept by who counts; counting is one atomic
/// addition and takes no lock.
package final class MetricsRegistry: Sendable {
    enum Series: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case computed(@Sendable () -> Double)
        case histogram(Histogram)
    }

    struct Family: Sendable {
        let name: String
        let help: String
        let kind: String
        var series: [(labels: String, series: Series)]
    }

    let families = Mutex<[Family]>([])

    package init() {}

    /// A counter of a family; its name ends in `_total`.
    package func counter(_ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
        let counter = Counter()
        add(name, help, "counter", labels, .counter(counter))
        return counter
    }

    package func gauge(_ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        let gauge = Gauge()
        add(name, help, "gauge", labels, .gauge(gauge))
        return gauge
    }

    /// A gauge whose value is asked for when the page is read; the closure must not block.
    package func gauge(
        _ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Double
    ) {
        add(name, help, "gauge", labels, .computed(read))
    }

    /// A counter kept elsewhere, for example by a cache, that is asked for when the page is read.
    package func counter(
        _ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Double
    ) {
        add(name, help, "counter", labels, .computed(read))
    }

    /// A histogram of durations; its name ends in `_seconds`.
    package func histogram(
        _ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:],
        bounds: [Int] = Histogram.defaultBounds
    ) -> Histogram {
        let histogram = Histogram(bounds: bounds)
        add(name, help, "histogram", labels, .histogram(histogram))
        return histogram
    }

    private func add(
        _ name: String, _ help: String, _ kind: String, _ labels: KeyValuePairs<String, String>, _ series: Series
    ) {
        let text = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        families.withLock { families in
            if let index = families.firstIndex(where: { $0.name == name }) {
                precondition(!families[index].series.contains { $0.labels == text }, "\(name){\(text)} is made twice")
                families[index].series.append((text, series))
            } else {
                families.append(Family(name: name, help: help, kind: kind, series: [(text, series)]))
            }
        }
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}
