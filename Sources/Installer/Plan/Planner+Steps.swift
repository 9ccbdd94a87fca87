// SPDX-License-Identifier: Apache-2.0

import Access
import FoundationEssentials
import HavenServer

/// The steps that are missing on this host.
extension Planner {
    /// The account that owns the server's files; nil where whoever installs runs the server too.
    var owner: String? { places.isSystemWide && machine.hasSystemd ? Machine.account : nil }

    func steps(isEmpty: Bool) -> [InstallStep] {
        var steps = accounts + folders + brought + program + configuration + secret
        if isEmpty {
            steps.append(.firstRows(program: places.program, settings: places.settings, account: owner))
        }
        return steps + unit(after: steps)
    }

    private var accounts: [InstallStep] {
        guard let owner, Machine.account(owner) == nil else { return [] }
        let number = Machine.accountNumber
        return [.account(name: owner, number: Machine.isFree(number) ? number : nil)]
    }

    private var folders: [InstallStep] {
        var wanted: [(path: String, mode: UInt32, owner: String?)] = [
            (places.programFolder, 0o755, nil), (places.settingsFolder, 0o750, owner),
            (settings.data.folder, 0o700, owner), (settings.data.secretKeyFolder, 0o700, owner),
        ]
        if let root = settings.data.storage.fileRoot { wanted.append((root, 0o700, owner)) }
        if let log = settings.logs.file { wanted.append((PathState.folder(of: log), 0o750, owner)) }
        var seen: Set<String> = []
        return wanted.filter { seen.insert($0.path).inserted }.compactMap(folder)
    }

    private func folder(_ wanted: (path: String, mode: UInt32, owner: String?)) -> InstallStep? {
        guard let state = PathState(wanted.path) else {
            return .folder(wanted.path, mode: wanted.mode, owner: wanted.owner)
        }
        return ownership(of: wanted.path, state, wanted.owner)
    }

    private func ownership(of path: String, _ state: PathState, _ owner: String?) -> InstallStep? {
        guard let owner, Machine.account(owner)?.user != state.owner else { return nil }
        return .own(path, by: owner)
    }

    private var brought: [InstallStep] {
        BundledFiles(options.source).flatMap { source, place -> [InstallStep] in
            guard let bytes = SmallFile.read(source) else { return [] }
            let parent = PathState.folder(of: place)
            let folder: [InstallStep] = PathState(parent) == nil ? [.folder(parent, mode: 0o755, owner: owner)] : []
            return folder + file(place, bytes, mode: 0o600, keepsOld: true)
        } + certificates
    }

    /// Certificate and key as the guide has them copied belong to root; the server must be able to read them.
    private var certificates: [InstallStep] {
        guard settings.listener.httpsPort != 0 else { return [] }
        return [settings.listener.certificateKey, settings.listener.certificate].compactMap { path in
            guard let path, let state = PathState(path), state.mode & 0o004 == 0 else { return nil }
            return ownership(of: path, state, owner)
        }
    }

    private var program: [InstallStep] {
        if FileManager.default.contentsEqual(atPath: options.program, andPath: places.program) { return [] }
        return [.copy(from: options.program, to: places.program, mode: 0o755)]
    }

    private var configuration: [InstallStep] {
        guard let path = settings.filePath, let bytes = SmallFile.read(path) else { return [] }
        return file(places.settings, bytes, mode: 0o600, keepsOld: true)
    }

    private var secret: [InstallStep] {
        let path = "\(settings.data.secretKeyFolder)/secretkey"
        guard SmallFile.isAbsent(path) else {
            return PathState(path).flatMap { ownership(of: path, $0, owner) }.map { [$0] } ?? []
        }
        let bytes = SmallFile.read(bundledKey) ?? SecretKey.newContent()
        return [.write(path, bytes, mode: 0o600, owner: owner, keepsOld: false)]
    }

    /// Nothing when the file is there as it should be.
    private func file(_ path: String, _ bytes: [UInt8], mode: UInt32, keepsOld: Bool) -> [InstallStep] {
        if SmallFile.read(path) == bytes, let state = PathState(path), state.mode == mode {
            return ownership(of: path, state, owner).map { [$0] } ?? []
        }
        let isThere = !SmallFile.isAbsent(path)
        return [.write(path, bytes, mode: mode, owner: owner, keepsOld: keepsOld && isThere)]
    }

    private func unit(after steps: [InstallStep]) -> [InstallStep] {
        let folder = PathState.folder(of: places.unit)
        let text = SystemdUnit.text(places, writable: writable, stopSeconds: stopSeconds)
        var all: [InstallStep] = PathState(folder) == nil ? [.folder(folder, mode: 0o755, owner: nil)] : []
        let isWritten = SmallFile.read(places.unit) == Array(text.utf8)
        if !isWritten { all.append(.write(places.unit, Array(text.utf8), mode: 0o644, owner: nil, keepsOld: false)) }
        guard places.isSystemWide, machine.hasSystemd else { return all }
        if !isWritten { all += [.systemctl(["daemon-reload"]), .systemctl(["enable", SystemdUnit.name])] }
        guard options.starts else { return all }
        if (steps + all).contains(where: \.needsRestart) {
            all.append(.systemctl(["restart", SystemdUnit.name]))
        } else if PathState("/run/systemd/units/invocation:\(SystemdUnit.name)") == nil {
            all.append(.systemctl(["start", SystemdUnit.name]))
        }
        return all
    }

    private var writable: [String] {
        var folders = [settings.data.folder, settings.data.secretKeyFolder]
        if let root = settings.data.storage.fileRoot { folders.append(root) }
        if let log = settings.logs.file { folders.append(PathState.folder(of: log)) }
        for case .unixSocket(let path) in settings.listener.listen { folders.append(PathState.folder(of: path)) }
        var seen: Set<String> = []
        return folders.filter { seen.insert($0).inserted }
    }

    private var stopSeconds: Int64 {
        let lifecycle = settings.lifecycle
        return lifecycle.drainDelay.components.seconds + lifecycle.drainTimeout.components.seconds + 15
    }
}
