// SPDX-License-Identifier: Apache-2.0

/// A picture of a fault: answers of the probe over time, good ones upwards, failed ones in red, the fault shaded.
struct FaultPicture: Sendable {
    private let load: LoadResult
    private let end: Double

    private static let step = 0.1
    private static let (width, height, left, top) = (800.0, 160.0, 60.0, 30.0)

    init(_ load: LoadResult) {
        self.load = load
        end = max(load.entries.map(\.end).max() ?? 0, load.faultEnded, 1)
    }

    /// The picture as SVG.
    func svg(titled title: String) -> String {
        let good = counts(load.entries.filter(\.isGood).map(\.end))
        let bad = counts(load.entries.filter { !$0.isGood }.map(\.end))
        let most = max(good.max() ?? 1, bad.max() ?? 1, 1)
        var parts = [
            #"<svg xmlns="http://www.w3.org/2000/svg" width="880" height="230" font-family="sans-serif" font-size="12">"#,
            #"<rect width="880" height="230" fill="white"/>"#,
            text(title + ": answers to the probe in a tenth of a second", Self.left, 18, #"font-size="14""#),
            rectangle(x(load.faultBegan), Self.top, x(load.faultEnded) - x(load.faultBegan), Self.height, "#fdecc8"),
        ]
        parts += bars(good, most, "#3b7dd8") + bars(bad, most, "#d83b3b")
        let base = Self.top + Self.height
        parts.append(rectangle(Self.left, base, Self.width, 1, "#333333"))
        parts.append(text("\(most)", Self.left - 8, Self.top + 10, #"text-anchor="end""#))
        parts.append(text("0", Self.left - 8, base, #"text-anchor="end""#))
        for second in stride(from: 0.0, through: end, by: tick) {
            parts.append(text("\(Int(second)) s", x(second), base + 18, #"text-anchor="middle""#))
        }
        parts.append(text("shaded: the fault; blue: good answers; red: failed requests", Self.left, base + 34, ""))
        return parts.joined(separator: "\n") + "\n</svg>\n"
    }

    private var tick: Double { end > 60 ? 10 : end > 20 ? 5 : 1 }

    private func x(_ second: Double) -> Double { Self.left + Self.width * second / end }

    private func counts(_ moments: [Double]) -> [Int] {
        var counts = [Int](repeating: 0, count: Int(end / Self.step) + 1)
        for moment in moments where moment >= 0 { counts[min(Int(moment / Self.step), counts.count - 1)] += 1 }
        return counts
    }

    private func bars(_ counts: [Int], _ most: Int, _ color: String) -> [String] {
        counts.enumerated().filter { $0.element > 0 }.map { index, count in
            let size = Self.height * Double(count) / Double(most)
            let start = x(Double(index) * Self.step)
            return rectangle(start, Self.top + Self.height - size, Self.width * Self.step / end, size, color)
        }
    }

    private func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ color: String) -> String {
        #"<rect x="\#(x.shown)" y="\#(y.shown)" width="\#(width.shown)" height="\#(height.shown)" fill="\#(color)"/>"#
    }

    private func text(_ words: String, _ x: Double, _ y: Double, _ more: String) -> String {
        #"<text x="\#(x.shown)" y="\#(y.shown)" \#(more)>\#(words)</text>"#
    }
}
