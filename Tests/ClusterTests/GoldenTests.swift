// SPDX-License-Identifier: Apache-2.0

import Cluster
import Foundation
import Testing

/// A plan and everything it becomes, in one file: the plan, a line of hyphens, then each file below a line that names it.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    let name: String

    var testDescription: String { name }

    static let all = ["haproxy-http", "haproxy-passthrough", "haproxy-terminate", "lvs-redirect", "lvs-loopback"]
        .map(GoldenCase.init)

    static let line = "----------\n"

    var url: URL { URL(filePath: "\(#filePath)").deletingLastPathComponent().appending(path: "Golden/\(name).txt") }

    func read() throws -> (plan: String, expected: String) {
        let text = try String(contentsOf: url, encoding: .utf8)
        let line = try #require(text.range(of: "\n\(Self.line)"))
        return (text[..<line.lowerBound] + "\n", String(text[line.upperBound...]))
    }

    static func shown(_ hosts: [RenderedHost]) -> String {
        hosts.flatMap { host in
            host.files.map { "==> \(host.name)/\($0.path)\($0.isExecutable ? " (executable)" : "")\n\($0.text)" }
        }.joined()
    }
}

@Suite("a rendering") struct GoldenTests {
    /// With `HAVEN_WRITE_GOLDEN=1` the files are written anew; look at the difference before you commit it.
    @Test("is byte for byte what its golden file says", arguments: GoldenCase.all)
    func golden(_ golden: GoldenCase) throws {
        let (plan, expected) = try golden.read()
        let shown = GoldenCase.shown(try ClusterPlan(yaml: plan).rendered(by: "1.2.3"))
        if ProcessInfo.processInfo.environment["HAVEN_WRITE_GOLDEN"] == "1" {
            try (plan + GoldenCase.line + shown).write(to: golden.url, atomically: true, encoding: .utf8)
        } else {
            #expect(shown == expected, "\(golden.name): HAVEN_WRITE_GOLDEN=1 writes it anew")
        }
    }

    @Test("is the same every time")
    func repeats() throws {
        let plan = try ClusterPlan(yaml: PlanParts().text)
        #expect(plan.rendered(by: "1.2.3") == plan.rendered(by: "1.2.3"))
    }

    @Test("begins every file with who made it, scripts in their second line")
    func mark() throws {
        for golden in GoldenCase.all {
            for file in try ClusterPlan(yaml: golden.read().plan).rendered(by: "9.8.7").flatMap(\.files) {
                let lines = file.text.split(separator: "\n").prefix(2)
                #expect(lines.contains { $0.contains("haven cluster render 9.8.7") }, "\(file.path)")
                #expect(lines.first?.hasPrefix("#!/bin/sh") == file.isExecutable, "\(file.path)")
            }
        }
    }

    @Test("of another version differs in nothing but the version")
    func version() throws {
        let plan = try ClusterPlan(yaml: PlanParts().text)
        let (old, new) = (GoldenCase.shown(plan.rendered(by: "1.2.3")), GoldenCase.shown(plan.rendered(by: "1.3.0")))
        #expect(old.replacing("render 1.2.3:", with: "render 1.3.0:") == new)
        #expect(old != new)
    }
}

@Suite("the example plan") struct ExampleTests {
    private var page: URL { document("examples/cluster.yml") }

    private func document(_ path: String) -> URL {
        URL(filePath: "\(#filePath)").deletingLastPathComponent().appending(path: "../../docs/\(path)").standardized
    }

    @Test("is the file in docs/examples")
    func isInTheDocuments() throws {
        if ProcessInfo.processInfo.environment["HAVEN_WRITE_GOLDEN"] == "1" {
            try ClusterPlan.example.write(to: page, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: page, encoding: .utf8) == ClusterPlan.example)
    }

    @Test("is a good plan, and stays one with each line that begins with '# ' and a default")
    func isGood() throws {
        let plan = try ClusterPlan(yaml: ClusterPlan.example)
        let more = ["advert_interval: 200ms", "preempt: false", "max_connections: 4000"]
        for line in more {
            #expect(ClusterPlan.example.contains("\n# \(line)\n"))
            #expect(try ClusterPlan(yaml: ClusterPlan.example + line + "\n") == plan, "\(line) is not the default")
        }
    }

    @Test("makes a good plan with mode lvs too")
    func lvs() throws {
        let text = ClusterPlan.example.replacing("mode: haproxy\n", with: "mode: lvs\n")
        let whole = text + "lvs:\n  node_side: redirect\n  health: healthz\n"
        #expect(try ClusterPlan(yaml: text) == ClusterPlan(yaml: whole))
    }

    @Test("is explained by a page that has every key of a plan, and no other")
    func reference() throws {
        let text = try String(contentsOf: document("reference/cluster-plan.md"), encoding: .utf8)
        let keyed = try #require(text.range(of: "## haproxy or lvs"))
        let rows = text[..<keyed.lowerBound].split(separator: "\n").filter { $0.hasPrefix("| `") }
        let keys = rows.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
        #expect(keys == PlanKeys.all)
    }
}
