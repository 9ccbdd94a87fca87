// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The table: a line for each figure, Haven beside the others, ratios and verdicts.
struct Report {
    let outcomes: [Outcome]
    let options: Options

    /// For the terminal, and as it is in the results file: Markdown reads well enough in both.
    var text: String {
        var lines = [
            "| What | Figure | Haven | docker-registry | limit | Haven / docker-registry | Haven / limit | Gate | |",
            "|---|---|---:|---:|---:|---:|---:|---|---|",
        ]
        for outcome in outcomes {
            for (index, figure) in outcome.scenario.figures.enumerated() {
                lines.append(row(outcome, figure, title: index == 0 ? outcome.scenario.title : ""))
            }
            for (contestant, reason) in outcome.failures {
                lines.append("| | \(contestant.rawValue) failed: \(reason.replacingOccurrences(of: "\n", with: " ")) |")
            }
        }
        return (header + [""] + lines).joined(separator: "\n") + "\n"
    }

    /// Writes the table to `labs/speed`.
    func write() throws {
        let file = "\(options.root)/labs/speed/\(options.group.resultsFile)"
        try "# \(options.group.title)\n\n\(text)".write(toFile: file, atomically: true, encoding: .utf8)
        progress("written: \(file)")
    }

    private var header: [String] {
        [
            "\(Machine.description)",
            "",
            Machine.versions(options).joined(separator: " · "),
            "",
            "Medians of \(options.rounds), in brackets (largest − smallest) / median. The limit is nginx with static "
                + "files for reading, the slower of `openssl dgst -sha256` and `dd conv=fsync` for writing.",
        ]
    }

    private func row(_ outcome: Outcome, _ figure: Figure, title: String) -> String {
        let limit = outcome.scenario.contestants.first { $0 == .nginx || $0 == .limit }
        let cells = [
            title, "\(figure.name), \(figure.unit)", cell(outcome, figure, .haven),
            cell(outcome, figure, .dockerRegistry), limit.map { cell(outcome, figure, $0) } ?? "",
            ratio(outcome, figure, .dockerRegistry), limit.map { ratio(outcome, figure, $0) } ?? "",
            figure.gates.map(words).joined(separator: "; "), verdict(outcome, figure),
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    private func cell(_ outcome: Outcome, _ figure: Figure, _ contestant: Contestant) -> String {
        let rounds = outcome.rounds(figure, contestant)
        guard let median = rounds.median else { return "" }
        guard rounds.values.count > 1, let spread = rounds.spread else { return decimal(median, figure.digits) }
        return "\(decimal(median, figure.digits)) (\(decimal(spread, 2)))"
    }

    private func ratio(_ outcome: Outcome, _ figure: Figure, _ other: Contestant) -> String {
        guard let ours = outcome.rounds(figure, .haven).median, let theirs = outcome.rounds(figure, other).median,
            theirs > 0
        else { return "" }
        return "\(decimal(ours / theirs, 2))×"
    }

    private func verdict(_ outcome: Outcome, _ figure: Figure) -> String {
        guard !figure.gates.isEmpty else { return "" }
        guard let ours = outcome.rounds(figure, .haven).median else { return "not measured" }
        let passes = figure.gates.map { gate -> Bool? in
            switch gate {
            case .atLeast(let factor, let other): outcome.rounds(figure, other).median.map { ours >= factor * $0 }
            case .atMost(let factor, let other): outcome.rounds(figure, other).median.map { ours <= factor * $0 }
            case .atMostOwn(let factor, figure: let name): own(name, outcome).map { ours <= factor * $0 }
            case .below(let bound): ours <= bound
            case .above(let bound): ours >= bound
            }
        }
        return passes.contains(false) ? "**miss**" : (passes.contains(nil) ? "not measured" : "pass")
    }

    private func own(_ name: String, _ outcome: Outcome) -> Double? {
        outcome.scenario.figures.first { $0.name == name }.flatMap { outcome.rounds($0, .haven).median }
    }

    private func words(_ gate: Gate) -> String {
        switch gate {
        case .atLeast(let factor, let other): "≥ \(short(factor))× \(other.rawValue)"
        case .atMost(let factor, let other): "≤ \(short(factor))× \(other.rawValue)"
        case .atMostOwn(let factor, figure: let name): "≤ \(short(factor))× \(name)"
        case .below(let bound): "≤ \(short(bound))"
        case .above(let bound): "≥ \(short(bound))"
        }
    }

    private func short(_ value: Double) -> String { value == value.rounded() ? decimal(value, 0) : "\(value)" }
}
