// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SQLStorage

/// A folder with data, as the machine sees it.
struct DataPlace {
    let folder: String
    /// Whether SQLite lives there, which needs a disk of its own machine.
    let holdsDatabase: Bool
    /// The setting that names the folder.
    let key: String
    /// The folder itself, or the nearest one above it that exists.
    let existing: String
    /// The type of the file system, as the kernel names it.
    let fileSystem: String?

    init(_ folder: String, holdsDatabase: Bool, key: String = "data_volume") {
        self.folder = folder
        self.holdsDatabase = holdsDatabase
        self.key = key
        var existing = folder
        while access(existing, F_OK) != 0, existing != "/", existing != "." {
            let parent = existing.lastIndex(of: "/").map { String(existing[..<$0]) } ?? "."
            existing = parent.isEmpty ? "/" : parent
        }
        self.existing = existing
        let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
        fileSystem = Self.real(existing).flatMap { SQLitePlace.fileSystem(of: $0, mounts: mounts) }
    }

    var isLocal: Bool { fileSystem.map { !SQLitePlace.isRemote($0) } ?? true }
    var isVolatile: Bool { ["tmpfs", "ramfs", "devtmpfs"].contains(fileSystem ?? "") }

    /// Whether a server serves from the folder now.
    var isServed: Bool {
        let descriptor = open(folder + "/serve.lock", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer {
            flock(descriptor, LOCK_UN)
            close(descriptor)
        }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }

    /// When something in the folder changed last, in seconds since 1970.
    var newestChange: Int? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { attribute(.modificationDate, of: "\(folder)/\($0)") as Date? }
            .map { Int($0.timeIntervalSince1970) }.max()
    }

    private func attribute<T>(_ key: FileAttributeKey, of path: String) -> T? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[key] as? T
    }

    func findings(reserve: Int64) -> [Finding] {
        [rights, mount, space(reserve: reserve), names].compactMap { $0 }
    }

    private var rights: Finding {
        guard access(folder, F_OK) == 0 else {
            return access(existing, W_OK | X_OK) == 0
                ? Finding(.good, "data folder", "\(folder) does not exist yet; the first start makes it")
                : Finding(
                    .fault, "data folder",
                    "\(folder) does not exist, and \(existing) may not be written to; name another place", key: key)
        }
        if attribute(.type, of: folder) != FileAttributeType.typeDirectory {
            return Finding(
                .fault, "data folder", "\(folder) is no folder; remove it, or name another place", key: key)
        }
        if access(folder, R_OK | W_OK | X_OK) != 0 {
            return Finding(
                .fault, "data folder",
                "\(folder) may not be read and written by this account; give it to the account, or name another place",
                key: key)
        }
        if let mode: Int = attribute(.posixPermissions, of: folder), mode & 0o077 != 0 {
            return Finding(.warning, "data folder", "\(folder) is open to other accounts; chmod 700 \(folder)")
        }
        return Finding(.good, "data folder", "\(folder) belongs to this account alone")
    }

    private var mount: Finding {
        let type = fileSystem ?? "an unknown file system"
        if !isLocal, holdsDatabase {
            return Finding(
                .fault, "file system",
                "\(existing) is on \(type), which other machines share; "
                    + "SQLite needs a local disk", key: key)
        }
        return Finding(isVolatile ? .warning : .good, "file system", "\(existing) is on \(type)")
    }

    private func space(reserve: Int64) -> Finding {
        guard let (free, total) = Self.space(of: existing) else {
            return Finding(.fault, "disk space", "\(existing) cannot be looked at")
        }
        let text = "\(Self.gibibytes(free)) free of \(Self.gibibytes(total)) at \(existing); "
        let kept = "disk_reserve keeps \(Self.gibibytes(reserve))"
        if free < reserve {
            return Finding(
                .fault, "disk space", text + kept + ", so pushes are refused; make room, or lower it",
                key: "disk_reserve")
        }
        if free < reserve * 2 { return Finding(.warning, "disk space", text + kept + ", and pushes are refused soon") }
        return Finding(.good, "disk space", text + kept)
    }

    private var names: Finding? {
        var status = statvfs()
        guard statvfs(existing, &status) == 0, status.f_files > 0 else { return nil }
        let percent = status.f_favail * 100 / status.f_files
        guard percent < 5 else { return nil }
        return Finding(.warning, "disk space", "only \(percent) % of the file system's inodes are free at \(existing)")
    }

    private static func space(of path: String) -> (free: Int64, total: Int64)? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let unit = Int64(status.f_frsize)
        return (Int64(status.f_bavail) * unit, Int64(status.f_blocks) * unit)
    }

    static func gibibytes(_ bytes: Int64) -> String {
        let tenths = bytes * 10 / (1 << 30)
        return "\(tenths / 10).\(tenths % 10) GiB"
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
