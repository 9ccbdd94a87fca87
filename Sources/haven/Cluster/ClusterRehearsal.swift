// SPDX-License-Identifier: Apache-2.0

import Cluster
import FoundationEssentials
import Glibc

/// One result of a rehearsal, in words for an operator.
struct ClusterFinding {
    enum Level: String {
        case good, warning, fault
        /// Nobody here could tell.
        case skipped
    }

    let level: Level
    let host: String
    let subject: String
    let text: String
}

/// Lets the real programs read what hosts would get, and looks whether this machine's kernel can do what they ask for.
struct ClusterRehearsal {
    let plan: ClusterPlan
    let hosts: [RenderedHost]
    /// Whether the hosts are this machine.
    let isHere: Bool

    func findings() async throws -> [ClusterFinding] {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var findings: [ClusterFinding] = []
        for host in hosts {
            findings += try await read(host, in: "\(folder.path)/\(host.name)")
            if isHere { findings += kernelSettings(host) }
        }
        return findings + (try await ipvs())
    }

    private func read(_ host: RenderedHost, in folder: String) async throws -> [ClusterFinding] {
        let lacking = plan.certificate.flatMap { FileManager.default.fileExists(atPath: $0) ? nil : $0 }
        let rehearsal = Rehearsal(of: host, in: folder, lacking: lacking)
        for file in rehearsal.files { try file.write(to: "\(folder)/\(file.path)") }
        var findings: [ClusterFinding] = []
        for run in rehearsal.runs { findings += try await ask(run, host) }
        if let lacking, rehearsal.runs.contains(where: { $0.program == "haproxy" }) {
            findings.append(
                ClusterFinding(
                    level: isHere ? .fault : .warning, host: host.name, subject: "certificate",
                    text: isHere
                        ? "\(lacking) is not there; put certificate, chain and key in it"
                        : "\(lacking) is not on this machine, so haproxy has not read it"))
        }
        return findings
    }

    private func ask(_ run: Rehearsal.Run, _ host: RenderedHost) async throws -> [ClusterFinding] {
        func finding(_ level: ClusterFinding.Level, _ text: String) -> ClusterFinding {
            ClusterFinding(level: level, host: host.name, subject: run.file, text: text)
        }
        guard let program = HostProgram.path(of: run.program) else {
            return [finding(.skipped, "not checked: \(run.program) is not installed here")]
        }
        if run.needsRoot, geteuid() != 0 { return [finding(.skipped, "not checked: \(run.program) needs root")] }
        let answer = try await HostProgram.run(program, run.arguments)
        let verdict = ProgramVerdict(of: run, status: answer.status, output: answer.output)
        if let complaint = verdict.complaint { return [finding(.fault, "\(run.program): \(complaint)")] }
        let interfaces = verdict.missingInterfaces.map { interface in
            finding(
                isHere ? .fault : .warning,
                "there is no interface \(interface) on this machine; \(host.name) must have one")
        }
        return [finding(.good, "\(run.program) takes it")] + interfaces
    }
}

/// The kernel of this machine.
extension ClusterRehearsal {
    private func kernelSettings(_ host: RenderedHost) -> [ClusterFinding] {
        KernelWish.all(of: host).map { wish in
            let text = try? String(contentsOfFile: wish.path, encoding: .utf8)
            let value = text.map { String($0.prefix { $0 != "\n" }) } ?? "unknown"
            let isMet = value == wish.value
            return ClusterFinding(
                level: isMet ? .good : .warning, host: host.name, subject: "kernel",
                text: "\(wish.name) = \(value)"
                    + (isMet ? "" : ", and \(wish.value) is needed; sysctl -p \(wish.file) sets it"))
        }
    }

    /// Where the kernel has no IPVS, keepalived with a virtual_server ends as a whole, and the address is gone with it.
    private func ipvs() async throws -> [ClusterFinding] {
        let asked = hosts.filter { host in plan.balancers.contains { $0.name == host.name } }
        guard plan.mode == .lvs, let first = asked.first else { return [] }
        let canBalance = try await hasIPVS()
        let name = isHere ? first.name : "balancers"
        return [
            ClusterFinding(
                level: canBalance ? .good : .warning, host: name, subject: "kernel",
                text: canBalance
                    ? "this machine has IPVS"
                    : "this machine has no IPVS; on a balancer like it keepalived would stop, and the address with it: "
                        + "use a kernel that has the module ip_vs, or mode: haproxy")
        ]
    }

    private func hasIPVS() async throws -> Bool {
        if FileManager.default.fileExists(atPath: "/proc/net/ip_vs") { return true }
        guard let modprobe = HostProgram.path(of: "modprobe") else { return false }
        return try await HostProgram.run(modprobe, ["-n", "-q", "ip_vs"]).status == 0
    }
}

/// A new folder that its owner alone may enter.
private struct TemporaryFolder {
    let path: String

    init() throws {
        path = (Environment.variables["TMPDIR"] ?? "/tmp") + "/haven-check-\(UInt64.random(in: .min ... .max))"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure("no temporary folder can be made; set TMPDIR to a folder that you may write")
        }
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
