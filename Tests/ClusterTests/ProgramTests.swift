// SPDX-License-Identifier: Apache-2.0

import Cluster
import Foundation
import TestKit
import Testing

/// The programs of the hosts read the files of every golden case.
@Suite("the real programs take the rendered files", .programs("bash", "haproxy", "keepalived", "nft", "unshare"))
struct ProgramTests {
    @Test("of every host", arguments: GoldenCase.all)
    func rehearse(_ golden: GoldenCase) async throws {
        let plan = try ClusterPlan(yaml: golden.read().plan)
        try await withTemporaryFolder { folder in
            let certificate = try await Certificate(in: folder)
            for host in plan.rendered(by: "1.2.3") {
                let place = "\(folder)/\(host.name)"
                let rehearsal = Rehearsal(of: host, in: place)
                try write(rehearsal.files, to: place, certificate)
                for run in rehearsal.runs {
                    let verdict = try await verdict(of: run, in: plan)
                    #expect(verdict.complaint == nil, "\(host.name)/\(run.file)")
                    #expect(verdict.missingInterfaces == [])
                }
            }
        }
    }

    @Test(
        "by a run for each configuration and script of a host",
        arguments: [
            ("haproxy-http", "lb1", ["haproxy", "bash", "nft", "bash", "keepalived", "bash", "bash"]),
            ("haproxy-http", "node1", []),
            ("lvs-redirect", "lb1", ["bash", "keepalived", "bash", "bash"]),
            ("lvs-redirect", "node1", ["nft", "bash"]), ("lvs-loopback", "node1", ["bash"]),
        ])
    func runs(golden: String, host: String, programs: [String]) throws {
        let plan = try ClusterPlan(yaml: GoldenCase(name: golden).read().plan)
        let rendered = try #require(plan.rendered(by: "1.2.3").first { $0.name == host })
        #expect(Rehearsal(of: rendered, in: "/tmp/x").runs.map(\.program) == programs)
    }

    @Test(
        "and refuse files that are damaged",
        arguments: [
            ("etc/keepalived/keepalived.conf", "advert_int 0.2", "advert_intt 0.2"),
            ("etc/haproxy/haproxy.cfg", "balance leastconn", "balance leastcon"),
            ("usr/local/bin/check.sh", "\ncase ", "\ncase in "),
        ])
    func damaged(path: String, good: String, bad: String) async throws {
        let plan = try ClusterPlan(yaml: PlanParts().text)
        let host = try #require(plan.rendered(by: "1.2.3").first)
        try await withTemporaryFolder { folder in
            let certificate = try await Certificate(in: folder)
            let rehearsal = Rehearsal(of: host, in: folder)
            try write(rehearsal.files, to: folder, certificate)
            let file = "\(folder)/\(path)"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try text.replacing(good, with: bad).write(toFile: file, atomically: true, encoding: .utf8)
            let run = try #require(rehearsal.runs.first { $0.file == path })
            #expect(try await verdict(of: run, in: plan).complaint != nil)
        }
    }

    /// Runs in a network of its own, where the interfaces of the plan are.
    private func verdict(of run: Rehearsal.Run, in plan: ClusterPlan) async throws -> ProgramVerdict {
        let links = Set(plan.balancers.map(\.interface)).map { "ip link add \($0) type veth peer name p-\($0) && " }
        let command = links.joined() + "exec \"$0\" \"$@\""
        let program = try #require(Tool.path(of: run.program))
        let result = try await Tool("unshare").run([Tool.ownNetwork, "sh", "-c", command, program] + run.arguments)
        return ProgramVerdict(of: run, status: result.status, output: result.output + result.errors)
    }

    private func write(_ files: [RenderedFile], to folder: String, _ certificate: Certificate) throws {
        for file in files {
            let text = file.text.replacing("/etc/haproxy/tls/registry.pem", with: certificate.path)
            try file.write(text, below: folder)
        }
    }
}

@Suite("systemd and sysctl take the rendered files", .programs("ip", "nft", "systemd-analyze", "sysctl", "unshare"))
struct SystemFileTests {
    @Test("units without a word, but for programs that only the host has", arguments: GoldenCase.all)
    func units(_ golden: GoldenCase) async throws {
        try await withRendered(golden, ending: ".service") { path in
            let result = try await Tool("systemd-analyze").run(["--man=no", "verify", path])
            let name = path.split(separator: "/").last ?? ""
            let said = (result.output + result.errors).split(separator: "\n").filter { $0.contains(name) }
            let isExpected = { (line: Substring) in line.contains("/usr/local/sbin/haven-vip.sh is not executable") }
            #expect(said.filter { !isExpected($0) } == [], "\(path)")
        }
    }

    @Test("kernel settings, each of which the kernel then has", arguments: GoldenCase.all)
    func sysctl(_ golden: GoldenCase) async throws {
        try await withRendered(golden, ending: ".conf", below: "etc/sysctl.d/") { path in
            let script =
                "sysctl -q -p \"$0\" && grep -v '^#' \"$0\" | while read -r key _ value; do "
                + "test \"$(sysctl -n \"$key\")\" = \"$value\" || exit 1; done"
            try await Tool("unshare").check(Tool.ownNetwork, "sh", "-c", script, path)
        }
    }

    @Test("and a node accepts the address and then no longer, told once or twice", arguments: ["redirect", "loopback"])
    func nodeSide(_ way: String) async throws {
        let plan = try ClusterPlan(yaml: PlanParts.lvs("lvs:\n  node_side: \(way)\n").text)
        let node = try #require(plan.rendered(by: "1.2.3").first { $0.name == "node1" })
        try await withTemporaryFolder { folder in
            for file in node.files {
                try file.write(file.text.replacing("/etc/", with: "\(folder)/etc/"), below: folder)
            }
            let script = """
                ip link set lo up && show() { nft list ruleset; ip -o addr show lo; }
                "$0" up && "$0" up && show && echo then && "$0" down && "$0" down && show
                """
            let output = try await Tool("unshare").check(
                Tool.ownNetwork, "sh", "-c", script, "\(folder)/usr/local/sbin/haven-vip.sh")
            let states = output.components(separatedBy: "then\n")
            try #require(states.count == 2)
            #expect(states[0].contains(way == "redirect" ? "ip daddr 192.168.1.220 tcp dport 80" : "192.168.1.220/32"))
            #expect(!states[1].contains("192.168.1.220"))
        }
    }

    private func withRendered(
        _ golden: GoldenCase, ending suffix: String, below prefix: String = "", _ body: (String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            for host in try ClusterPlan(yaml: golden.read().plan).rendered(by: "1.2.3") {
                for file in host.files where file.path.hasSuffix(suffix) && file.path.hasPrefix(prefix) {
                    try file.write(file.text, below: "\(folder)/\(host.name)")
                    try await body("\(folder)/\(host.name)/\(file.path)")
                }
            }
        }
    }
}

/// A certificate with its key in one file, for haproxy to read.
private struct Certificate {
    let path: String

    init(in folder: String) async throws {
        path = "\(folder)/registry.pem"
        try await Tool("openssl").check(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=registry.example.com", "-keyout", "\(folder)/key.pem", "-out", "\(folder)/cert.pem")
        let parts = try ["cert.pem", "key.pem"].map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
        try parts.joined().write(toFile: path, atomically: true, encoding: .utf8)
    }
}

extension RenderedFile {
    fileprivate func write(_ text: String, below folder: String) throws {
        let url = URL(filePath: "\(folder)/\(path)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
        let mode = isExecutable ? 0o755 : 0o644
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
    }
}

extension Trait where Self == ConditionTrait {
    /// Runs a suite where its programs are installed; in continuous integration, and where `HAVEN_TEST_CLIENTS` is set,
    /// anyway, so that a missing program fails the tests instead of hiding them.
    static func programs(_ names: String...) -> Self {
        let missing = names.filter { Tool.path(of: $0) == nil }
        let environment = ProcessInfo.processInfo.environment
        let mustRun = environment["CI"] != nil || environment["HAVEN_TEST_CLIENTS"] != nil
        return .enabled(if: missing.isEmpty || mustRun, "not installed: \(missing.joined(separator: ", "))")
    }
}
