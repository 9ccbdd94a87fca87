// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// What the lab found, as a page with a table and one picture for each fault.
struct LabReport: Sendable {
    private let outcomes: [Trial.Outcome]
    /// What the picture was built of.
    private let choices: [String]
    private var name: String { choices.joined(separator: "-") }

    init(_ outcomes: [Trial.Outcome], _ choices: [String]) { (self.outcomes, self.choices) = (outcomes, choices) }

    /// Writes `report-DATABASE-STORE-TRAFFIC.md` and its pictures.
    ///
    /// - Parameter folder: Where; it is made when it is missing.
    func write(to folder: String) async throws {
        let pictures = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        for outcome in outcomes {
            try FaultPicture(outcome.load).svg(titled: outcome.scenario.name).write(
                toFile: "\(pictures)/\(outcome.scenario.name).svg", atomically: true, encoding: .utf8)
        }
        try await page().write(toFile: "\(folder)/report-\(name).md", atomically: true, encoding: .utf8)
    }

    private func page() async throws -> String {
        var lines = ["# What clients noticed: \(choices.joined(separator: ", "))", ""]
        lines.append("Measured on \(Self.today), \(try await versions()).")
        lines += [
            "", "How to read it: [README.md](README.md).", "", Self.header, "|---|---|---|---|---|---|---|---|---|",
        ]
        lines += outcomes.map(row)
        for outcome in outcomes {
            lines += ["", "## \(outcome.scenario.name)", "", outcome.scenario.what, ""]
            lines.append("![requests over time](\(name)/\(outcome.scenario.name).svg)")
            let misses = outcome.misses.map { "- \(Self.shortened($0))" }
            if !misses.isEmpty { lines += ["", "Missed:", ""] + misses }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let header =
        "| Fault | Commands | Failed | Requests of the probe | Failed requests, all | Longest pause | Lost | 2 GiB push | More |"

    private func row(_ outcome: Trial.Outcome) -> String {
        let (scenario, load) = (outcome.scenario, outcome.load)
        let figures = outcome.figures.map { "\($0.name) \($0.seconds.shown) s" }.joined(separator: ", ")
        let large = outcome.largePush.map { "\(($0.time / .seconds(1)).shown) s, commands: \($0.commands)" } ?? ""
        let cells = [
            scenario.name + (outcome.misses.isEmpty ? "" : " (missed)"), "\(outcome.commands)",
            "\(outcome.failedCommands.count)", "\(load.entries.count)", "\(load.failedRequests)",
            "\(load.longestPause.shown) s", "\(load.violations.count)", large, figures,
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    private static func shortened(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > 300 ? line.prefix(300) + "…" : line
    }

    private static var today: String { Date.now.formatted(.iso8601.year().month().day()) }

    private func versions() async throws -> String {
        let machine = "\(ProcessInfo.processInfo.activeProcessorCount) cores"
        let packages = try await Tool("dpkg-query").check([
            "-W", "-f", "${Package} ${Version}, ", "keepalived", "haproxy", "mariadb-server", "postgresql-15",
            "redis-server",
            "swift-proxy", "radosgw", "skopeo", "docker.io",
        ])
        return "\(machine); \(packages.dropLast(2))"
    }
}
