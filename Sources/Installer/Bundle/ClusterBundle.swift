// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
package import HavenServer

/// An installation packed for the next node: the folder `haven` with program, settings, secret key and certificates in a tar.
///
/// Files that the settings name lie under `files` with their whole paths, and go to the same places there.
package struct ClusterBundle: Sendable {
    private let settings: Settings
    private let program: String

    package init(_ settings: Settings, program: String) {
        self.settings = settings
        self.program = program
    }

    /// Writes the tar, readable by its owner alone.
    ///
    /// - Throws: ``InstallFault`` when something that the next node needs is not here.
    package func write(to path: String) async throws {
        let work = "\(path).work-\(UInt32.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: work) }
        let folder = work + "/haven"
        try HostFile.makeFolder(work, mode: 0o700)
        try fill(folder)
        let draft = work + "/tar"
        try await Command.run(
            "tar", ["--create", "--file", draft, "--owner=0", "--group=0", "--sort=name", "--directory", work, "haven"])
        guard chmod(draft, 0o600) == 0, rename(draft, path) == 0 else {
            throw InstallFault("\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    private func fill(_ folder: String) throws {
        try HostFile.makeFolder(folder, mode: 0o700)
        try HostFile.copy(program, to: folder + "/haven", mode: 0o755)
        try HostFile.write(InstallScript.bytes, to: folder + "/install.sh", mode: 0o755, owner: nil)
        try HostFile.write(try configuration(), to: folder + "/haven.cfg", mode: 0o600, owner: nil)
        let key = "\(settings.data.secretKeyFolder)/secretkey"
        guard let secret = SmallFile.read(key) else {
            throw InstallFault("\(key) cannot be read; run this as the account that owns it, on an installed node")
        }
        try HostFile.write(secret, to: folder + "/secretkey", mode: 0o600, owner: nil)
        for file in files {
            guard let bytes = SmallFile.read(file) else {
                throw InstallFault("\(file), which the settings name, cannot be read")
            }
            let place = folder + "/files" + file
            try HostFile.makeFolder(PathState.folder(of: place), mode: 0o700)
            try HostFile.write(bytes, to: place, mode: 0o600, owner: nil)
        }
    }

    /// The settings without what belongs to this node alone.
    private func configuration() throws -> [UInt8] {
        guard let path = settings.filePath, let bytes = SmallFile.read(path) else {
            throw InstallFault("the settings come from no file; put them into haven.cfg, which the next node gets")
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let kept = lines.map { line in
            line.hasPrefix("node_name") ? "# \(line)    # of the node that made this bundle" : String(line)
        }
        return Array(kept.joined(separator: "\n").utf8)
    }

    /// What the settings name besides: certificates, authorities and keys of stores.
    private var files: [String] {
        let keys: Set = [
            "ssl_cert", "ssl_cert_key", "redis_ca_file", "db_sslrootcert",
        ]
        let isSecure = settings.listener.httpsPort != 0
        let named = settings.described.filter { keys.contains($0.key) && !$0.value.isEmpty }
            .filter { isSecure || !$0.key.hasPrefix("ssl_") }.map(\.value)
        let authority = settings.data.authorityPath
        return named + settings.data.storage.files + (SmallFile.isAbsent(authority) ? [] : [authority])
    }
}

/// The script that begins an installation: it looks whether the program can start, and leaves all else to it.
package enum InstallScript {
    package static var bytes: [UInt8] { PackageResources.install_sh }
}
