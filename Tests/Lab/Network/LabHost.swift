// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization
import TestKit

/// A machine of the lab: the namespaces of network, processes and files that make one, over the files of this machine.
///
/// What it writes is in memory and gone with it, unless it is switched on again: a disk survives a power cut.
final class LabHost: Sendable {
    let name: String
    let address: String
    private let folder: String
    private static let diskSize = "3g"
    private let power = Mutex<(plug: BackgroundProcess, first: Int32)?>(nil)

    /// - Parameter folder: Where its disk is mounted.
    init(_ name: String, in folder: String) {
        self.name = name
        address = LabAddress.of(name)
        self.folder = "\(folder)/\(name)"
    }

    /// Makes the disk of a new machine: empty, over the files of this one.
    func install() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await Tool("mount").check("-t", "tmpfs", "-o", "mode=755,size=\(Self.diskSize)", "lab", folder)
        for part in ["upper", "work", "all", "home"] { mkdir("\(folder)/\(part)", 0o755) }
    }

    /// Ends everything on it and takes its disk away.
    func scrap() async throws {
        if isOn { try await powerOff() }
        try await Tool("umount").check("-l", folder)
    }

    /// Switches it on. Nothing runs on it yet.
    func switchOn() async throws {
        try await LabNetwork.reset(name)
        let boot = """
            set -e
            mount -t overlay lab -o lowerdir=/,upperdir=\(folder)/upper,workdir=\(folder)/work \(folder)/all
            for each in dev sys; do mount --rbind /$each \(folder)/all/$each; done
            mount --bind \(folder)/home \(folder)/all/root
            mount -t proc proc \(folder)/all/proc
            mount -t tmpfs -o mode=755 run \(folder)/all/run
            hostname \(name)
            exec chroot \(folder)/all /bin/bash -c 'touch /run/is-on; while :; do sleep 1000 & wait $!; done'
            """
        let plug = try await BackgroundProcess(
            Tool("ip"),
            [
                "netns", "exec", LabNetwork.namespace(name), "unshare", "--pid", "--uts", "--mount", "--propagation",
                "private", "--fork", "--kill-child", "/bin/bash", "-c", boot,
            ],
            logPath: "\(folder)/power.log")
        let isOn = try await eventually {
            FileManager.default.fileExists(atPath: "\(self.folder)/power.log")
                && Self.child(of: plug.processID) != nil
        }
        guard isOn, let first = Self.child(of: plug.processID) else {
            throw ToolFailure(what: "\(name) cannot be switched on:\n\(plug.log)")
        }
        power.withLock { $0 = (plug, first) }
        let isUp = try await eventually { (try? await self.run("test -e /run/is-on").status) == 0 }
        guard isUp else { throw ToolFailure(what: "\(name) does not come up:\n\(plug.log)") }
        // A new machine has no keys yet.
        if try await run("ls /etc/ssh/ssh_host_*_key").status == 0 { try await openDoor() }
    }

    /// Lets the other hosts in by ssh.
    func openDoor() async throws {
        // The process that listens must not keep the pipes of the command that starts it.
        try await check(
            "mkdir -p /run/sshd\npgrep -x sshd > /dev/null || /usr/sbin/sshd -E /run/sshd.log < /dev/null > /dev/null 2>&1"
        )
    }

    var isOn: Bool { power.withLock { $0 != nil } }

    /// Where the files that were written below this path are.
    func written(_ path: String) -> String { "\(folder)/upper\(path)" }

    /// Ends everything on it at once, as a power cut does. Its cable is silent first.
    func powerOff() async throws {
        try await LabNetwork.cut(name)
        let plug = power.withLock { power in
            defer { power = nil }
            return power?.plug
        }
        _ = try await plug?.kill()
    }

    /// Runs a script of `bash` on the host, as root in its home.
    func run(_ script: String, input: String = "", deadline: Duration = .seconds(120)) async throws -> ToolResult {
        try await Tool("nsenter").run(try entering(script), input: input, deadline: deadline)
    }

    /// The same; it must end well.
    ///
    /// - Returns: What it printed.
    @discardableResult
    func check(_ script: String, input: String = "", deadline: Duration = .seconds(120)) async throws -> String {
        let result = try await run("set -eu -o pipefail\n\(script)", input: input, deadline: deadline)
        guard result.status == 0 else { throw ToolFailure(what: "\(name): \(script)\n\(result)") }
        return result.output
    }

    /// Starts a program that goes on.
    func start(_ script: String, log: String) async throws -> BackgroundProcess {
        try await BackgroundProcess(Tool("nsenter"), try entering("exec \(script)"), logPath: log)
    }

    /// Sends a signal to all processes of the host whose command line matches.
    ///
    /// - Parameter pattern: A regular expression; it must match one process at least.
    func signal(_ signal: String, _ pattern: String) async throws {
        // The shell that types the pattern must not match it.
        let (first, rest) = (pattern.prefix(1), pattern.dropFirst())
        try await check("pkill -\(signal) -f '[\(first)]\(rest)'")
    }

    /// The arguments of `nsenter` for a script.
    private func entering(_ script: String) throws -> [String] {
        guard let first = power.withLock({ $0?.first }) else { throw ToolFailure(what: "\(name) is off") }
        return [
            "-t", "\(first)", "-m", "-u", "-p", "-n", "-r", "-w", "--", "/usr/bin/env", "-i", "HOME=/root",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "/bin/bash", "-c", "cd; \(script)",
        ]
    }

    private static func child(of process: Int32) -> Int32? {
        let text = try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
        return text?.split(separator: " ").first.flatMap { Int32($0) }
    }
}
