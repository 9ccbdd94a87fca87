// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a SQLite file may lie.
package enum SQLitePlace {
    /// Refuses a network file system: SQLite's locks and shared memory do not work between machines, and on some not
    /// even between processes of one.
    ///
    /// - Throws: ``SQLError/invalid(_:)`` with the name of the file system; ``SQLError/unreachable(_:)`` when the folder
    ///   cannot be looked at.
    package static func check(_ path: String) throws(SQLError) {
        let folder = folder(of: path)
        guard let real = realpath(folder, nil) else { throw failure("look at", folder) }
        defer { free(real) }
        let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
        if let type = fileSystem(of: String(cString: real), mounts: mounts), isRemote(type) {
            throw .invalid("\(folder) is on a network file system (\(type)); SQLite needs a local disk")
        }
    }

    /// Whether `type`, as the kernel names it, is kept on another machine.
    ///
    /// All of FUSE counts: nothing tells a local driver from sshfs, and cloud drives come as FUSE.
    package static func isRemote(_ type: String) -> Bool {
        let remote: Set<String> = [
            "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "virtiofs", "afs", "lustre", "ocfs2", "gfs2", "gpfs",
            "beegfs", "glusterfs", "orangefs",
        ]
        return remote.contains(type) || type == "fuse" || type.hasPrefix("fuse.")
    }

    /// The type of the file system that `folder` lies on.
    ///
    /// - Parameters:
    ///   - folder: An absolute path without symbolic links.
    ///   - mounts: The text of `/proc/self/mountinfo`, see `proc(5)`; of two mounts on one place the later one counts.
    package static func fileSystem(of folder: String, mounts: String) -> String? {
        var best: (length: Int, type: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields[6...].firstIndex(of: "-"), dash + 1 < fields.count else {
                continue
            }
            let point = unescaped(fields[4])
            guard point == "/" || folder == point || folder.hasPrefix(point + "/") else { continue }
            if point.utf8.count >= best?.length ?? 0 { best = (point.utf8.count, String(fields[dash + 1])) }
        }
        return best?.type
    }

    /// The kernel writes blanks, tabs, line ends and backslashes of a path as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")].reduce(String(field)) { text, escape in
            text.replacingOccurrences(of: escape.0, with: escape.1)
        }
    }

    static func folder(of path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    /// Makes names created in the folder of `path` survive a power cut.
    package static func flush(directoryOf path: String) throws(SQLError) {
        let folder = folder(of: path)
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("flush", folder) }
    }

    /// Makes the contents of the file at `path`, and its name, survive a power cut.
    package static func flush(file path: String) throws(SQLError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("flush", path) }
        try flush(directoryOf: path)
    }

    static func failure(_ what: String, _ path: String, _ code: Int32 = errno) -> SQLError {
        let cause = "cannot \(what) \(path): \(String(cString: strerror(code)))"
        return code == ENOSPC || code == EDQUOT ? .full(cause) : .unreachable(cause)
    }
}
