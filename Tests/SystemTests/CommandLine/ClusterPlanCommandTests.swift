// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

/// `haven cluster example`, `render` and `check`, with a plan in a file as an operator has it.
@Suite("haven cluster, with a plan") struct ClusterPlanCommandTests {
    private func withPlan(_ body: (_ folder: String, _ haven: Tool) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let haven = Tool(HavenProcess.executable, workingFolder: folder)
            try write(try await haven.check("cluster", "example"), to: "\(folder)/cluster.yml")
            try await body(folder, haven)
        }
    }

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func change(_ path: String, _ old: String, _ new: String) throws {
        let text = try read(path)
        try #require(text.contains(old))
        try write(text.replacing(old, with: new), to: path)
    }

    private func files(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    @Test("a rendering has a folder for each host, scripts that can be run, and says what it wrote")
    func render() async throws {
        try await withPlan { folder, haven in
            let output = try await haven.check("cluster", "render", "cluster.yml", "--output", "out")
            let files = try files("\(folder)/out")
            #expect(
                Set(files.map { $0.prefix { $0 != "/" } }) == [
                    "lb1", "lb2", "node1", "node2", "node3", "rendered-files.txt",
                ])
            for file in files where file != "rendered-files.txt" {
                #expect(output.contains("wrote out/\(file)\n"))
                let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/out/\(file)")[.posixPermissions]
                #expect(mode as? Int == (file.hasSuffix(".sh") ? 0o755 : 0o644), "\(file)")
            }
            #expect(output.hasSuffix("go on with out/lb1/README.md\n"))
        }
    }

    @Test("a second rendering writes nothing, and one of a changed plan writes and removes what changed")
    func renderAgain() async throws {
        try await withPlan { folder, haven in
            let command = ["cluster", "render", "cluster.yml", "--output", "out"]
            try await haven.check(command)
            let again = try await haven.check(command)
            #expect(again.split(separator: "\n").count == 1 && again.contains("28 files, 28 of them unchanged"))
            try write("mine", to: "\(folder)/out/notes.txt")
            try change("\(folder)/cluster.yml", "\n  - name: node3\n    address: 192.168.1.203\n    port: 80\n", "\n")
            let changed = try await haven.check(command).split(separator: "\n").dropLast()
            #expect(
                changed.map(String.init) == [
                    "wrote out/lb1/etc/haproxy/haproxy.cfg", "wrote out/lb2/etc/haproxy/haproxy.cfg",
                    "removed out/node3/README.md", "removed out/node3/etc/haven/haven.cfg.fragment",
                ])
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/out/node3"))
            #expect(try read("\(folder)/out/notes.txt") == "mine")
        }
    }

    @Test("a folder with something else in it is refused and stays as it was")
    func foreignFolder() async throws {
        try await withPlan { folder, haven in
            try FileManager.default.createDirectory(atPath: "\(folder)/out", withIntermediateDirectories: true)
            try write("mine", to: "\(folder)/out/notes.txt")
            let result = try await haven.run(["cluster", "render", "cluster.yml", "--output", "out"])
            #expect(result.status == 1 && result.errors.contains("out is not empty and holds no earlier rendering"))
            #expect(try files("\(folder)/out") == ["notes.txt"])
        }
    }

    @Test("a list of files that somebody edited leads to nothing outside the rendering")
    func editedList() async throws {
        try await withPlan { folder, haven in
            let command = ["cluster", "render", "cluster.yml", "--output", "out"]
            try await haven.check(command)
            try write("mine", to: "\(folder)/notes.txt")
            let list = try read("\(folder)/out/rendered-files.txt")
            let more = "../notes.txt\n\(folder)/notes.txt\nlb1/../../notes.txt\n"
            try write(list + more, to: "\(folder)/out/rendered-files.txt")
            try await haven.check(command)
            #expect(try read("\(folder)/notes.txt") == "mine")
            #expect(try read("\(folder)/out/rendered-files.txt") == list)
        }
    }

    @Test("a wrong plan ends with 2, one line a fault with its key, and nothing is written")
    func wrongPlan() async throws {
        try await withPlan { folder, haven in
            try change("\(folder)/cluster.yml", "router_id: 51", "router_id: 510")
            try change("\(folder)/cluster.yml", "name: lb2", "nmae: lb2")
            for command in [["render", "cluster.yml", "--output", "out"], ["check", "cluster.yml"]] {
                let result = try await haven.run(["cluster"] + command)
                #expect(result.status == 2 && result.output.isEmpty)
                #expect(result.errors.contains("cluster.yml: 3 faults in the plan:\n"))
                #expect(result.errors.contains(": vips[0].router_id: '510' is not accepted; give a whole number"))
                #expect(result.errors.contains(": balancers[1].nmae: there is no such key; did you mean name?"))
                #expect(result.errors.contains(": balancers[1].name: is missing; give a host name"))
            }
            #expect(try files(folder) == ["cluster.yml"])
        }
    }

    @Test("a plan that is not there, or is no text, is told in a sentence")
    func noPlan() async throws {
        try await withPlan { folder, haven in
            let absent = try await haven.run(["cluster", "check", "absent.yml"])
            #expect(absent.status == 1 && absent.errors.contains("absent.yml cannot be read; haven cluster example"))
            try Data([0xff, 0xfe, 0x00]).write(to: URL(filePath: "\(folder)/binary.yml"))
            let binary = try await haven.run(["cluster", "check", "binary.yml"])
            #expect(binary.status == 1 && binary.errors.contains("must be text in UTF-8"))
        }
    }

    @Test("what the real programs say is told file by file, also as JSON, and the temporary folder goes")
    func check() async throws {
        try await withPlan { folder, haven in
            let haven = Tool(HavenProcess.executable, environment: ["TMPDIR": folder], workingFolder: folder)
            let output = try await haven.check("cluster", "check", "cluster.yml", "-o", "json")
            let findings = try #require(
                try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: String]])
            for (program, file) in [("keepalived", "keepalived.conf"), ("haproxy", "haproxy.cfg")] {
                let found = findings.filter {
                    $0["subject"] == "etc/\(program)/\(file)" && $0["finding"] == "\(program) takes it"
                }
                #expect(found.map { $0["host"] } == ["lb1", "lb2"] && found.allSatisfy { $0["result"] == "good" })
            }
            #expect(try files(folder) == ["cluster.yml"])
        }
    }

    @Test(
        "a program that is not installed is named, and its files are said to be unchecked",
        .enabled(if: geteuid() == 0, "hiding a program needs root"))
    func missingProgram() async throws {
        try await withPlan { folder, haven in
            // Hides haproxy behind an empty file, in a mount namespace that ends with the command.
            let haproxy = try #require(Tool.path(of: "haproxy"))
            let command = "mount --bind /dev/null \(haproxy) && exec \(haven.program) cluster check cluster.yml"
            let output = try await Tool("unshare", workingFolder: folder).check("-m", "sh", "-c", command)
            let line = output.split(separator: "\n").first { $0.hasPrefix("skipped  lb1   etc/haproxy/haproxy.cfg ") }
            #expect(line?.hasSuffix("not checked: haproxy is not installed here") == true, "\(output)")
            #expect(output.contains("keepalived takes it"))
        }
    }

    @Test("a host that the plan has not is a wrong use, and the hosts are named")
    func unknownHost() async throws {
        try await withPlan { _, haven in
            let result = try await haven.run(["cluster", "check", "cluster.yml", "--host", "lb9"])
            #expect(result.status == 2 && result.errors.contains("The plan has no host lb9; it has lb1, lb2, node1"))
        }
    }

    @Test("for the host one is on, interfaces, certificate and kernel settings that are missing are told")
    func here() async throws {
        try await withPlan { folder, haven in
            try change("\(folder)/cluster.yml", "interface: eth0", "interface: none9")
            let elsewhere = try await haven.run(["cluster", "check", "cluster.yml"])
            #expect(elsewhere.status == 0 && elsewhere.output.contains("warning  lb1"), "\(elsewhere)")
            let here = try await haven.run(["cluster", "check", "cluster.yml", "--host", "lb1"])
            #expect(here.status == 1 && here.output.contains("there is no interface none9 on this machine"), "\(here)")
            #expect(here.output.contains("net.ipv4.ip_nonlocal_bind = ") && !here.output.contains("lb2"))
        }
    }

    @Test(
        "haven config check accepts the settings that a plan gives its nodes",
        arguments: [
            ("mode: haproxy", "http", "http"), ("mode: haproxy", "https", "terminate"),
            ("mode: haproxy", "https", "passthrough"), ("mode: lvs", "http", "http"),
            ("mode: lvs", "https", "passthrough"),
        ])
    func fragment(mode: String, scheme: String, traffic: String) async throws {
        try await withPlan { folder, haven in
            let plan = "\(folder)/cluster.yml"
            try change(plan, "mode: haproxy\n", "\(mode)\n")
            try change(plan, "registry_url: http:", "registry_url: \(scheme):")
            try change(plan, "traffic: http\n", "traffic: \(traffic)\n")
            if traffic == "passthrough" { try change(plan, "    port: 80\n", "") }
            if traffic == "terminate" { try write(read(plan) + "tls:\n  certificate: /etc/x.pem\n", to: plan) }
            try await haven.check("cluster", "render", "cluster.yml", "--output", "out")
            let fragment = try read("\(folder)/out/node1/etc/haven/haven.cfg.fragment")
            let certificate = traffic == "passthrough" ? "ssl_cert = /etc/c.pem\nssl_cert_key = /etc/k.pem\n" : ""
            try write(fragment + certificate, to: "\(folder)/haven.cfg")
            let result = try await haven.run(["config", "check", "--config", "haven.cfg"])
            #expect(result.status == 0 && !result.errors.contains("haven.cfg"), "\(result)")
        }
    }
}
