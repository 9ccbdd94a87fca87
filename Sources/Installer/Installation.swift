// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Applies a plan without faults, step by step.
package struct Installation: Sendable {
    private let plan: InstallPlan

    package init(_ plan: InstallPlan) {
        self.plan = plan
    }

    /// Applies all steps in order; each is told before it happens.
    ///
    /// What was done stays done when a step fails: the next run plans what is still missing.
    ///
    /// - Throws: ``InstallFault`` for the first step that cannot be done.
    package func apply(_ tell: (InstallStep) -> Void) async throws {
        guard plan.faults.isEmpty else { throw InstallFault("there are faults; nothing was changed") }
        for step in plan.steps {
            tell(step)
            try await apply(step)
        }
    }

    private func apply(_ step: InstallStep) async throws {
        switch step {
        case .account(let name, let number): try await makeAccount(name, number)
        case .folder(let path, let mode, let owner):
            try HostFile.makeFolder(path, mode: mode)
            try owner.map { try HostFile.own(path, by: $0) }
        case .write(let path, let bytes, let mode, let owner, let keepsOld):
            if keepsOld { try HostFile.keepOld(path) }
            try HostFile.write(bytes, to: path, mode: mode, owner: owner)
        case .copy(let source, let path, let mode): try HostFile.copy(source, to: path, mode: mode)
        case .own(let path, let account): try HostFile.own(path, by: account)
        case .firstRows(let program, let settings, let account): try await makeFirstRows(program, settings, account)
        case .systemctl(let arguments): try await Command.run("systemctl", arguments)
        }
    }

    private func makeAccount(_ name: String, _ number: UInt32?) async throws {
        let numbers = number.map { ["--gid", "\($0)"] } ?? []
        try await Command.run("groupadd", ["--system"] + numbers + [name])
        let own = number.map { ["--uid", "\($0)"] } ?? []
        try await Command.run(
            "useradd",
            ["--system", "--gid", name] + own + ["--no-create-home", "--home-dir", "/nonexistent"]
                + ["--shell", "/usr/sbin/nologin", "--comment", "Haven", name])
    }

    /// The server's own account makes them, so that it owns what they make. The first password is printed by the command.
    private func makeFirstRows(_ program: String, _ settings: String, _ account: String?) async throws {
        let command = ["db", "prepare", "--quiet", "--config", settings]
        guard let account else {
            try await Command.run(program, command, showsErrors: true)
            return
        }
        let change = ["--reuid=\(account)", "--regid=\(account)", "--clear-groups", "--no-new-privs"]
        try await Command.run("setpriv", change + [program] + command, showsErrors: true)
    }
}

/// Files and folders of the host, written whole and flushed.
enum HostFile {
    static func makeFolder(_ path: String, mode: UInt32) throws {
        if PathState(path)?.isFolder == true { return }
        let parent = PathState.folder(of: path)
        if parent != path, PathState(parent) == nil { try makeFolder(parent, mode: 0o755) }
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw fault("the folder \(path) cannot be made") }
        // The mask of whoever installs shall not decide.
        guard chmod(path, mode) == 0 else { throw fault("the rights of \(path) cannot be set") }
    }

    static func own(_ path: String, by account: String) throws {
        guard let numbers = Machine.account(account) else { throw InstallFault("there is no account \(account)") }
        guard lchown(path, numbers.user, numbers.group) == 0 else {
            throw fault("\(path) cannot be given to \(account)")
        }
    }

    static func keepOld(_ path: String) throws {
        guard rename(path, path + ".old") == 0 else { throw fault("\(path) cannot be kept as \(path).old") }
    }

    static func write(_ bytes: [UInt8], to path: String, mode: UInt32, owner: String?) throws {
        let draft = "\(path).new-\(UInt32.random(in: .min ... .max))"
        defer { unlink(draft) }
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw fault("\(path) cannot be written") }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw fault("\(path) cannot be written") }
            rest = rest.dropFirst(count)
        }
        guard fchmod(file, mode) == 0, fsync(file) == 0 else { throw fault("\(path) cannot be written") }
        try owner.map { try own(draft, by: $0) }
        guard rename(draft, path) == 0 else { throw fault("\(path) cannot be put in place") }
    }

    /// A running program cannot be written over, so the copy takes its place when it is whole.
    static func copy(_ source: String, to path: String, mode: UInt32) throws {
        let draft = "\(path).new-\(UInt32.random(in: .min ... .max))"
        defer { unlink(draft) }
        do {
            try FileManager.default.copyItem(atPath: source, toPath: draft)
        } catch {
            throw InstallFault("\(source) cannot be copied to \(path): \(error)")
        }
        guard chmod(draft, mode) == 0, rename(draft, path) == 0 else { throw fault("\(path) cannot be put in place") }
    }

    private static func fault(_ what: String) -> InstallFault {
        InstallFault("\(what): \(String(cString: strerror(errno)))")
    }
}
