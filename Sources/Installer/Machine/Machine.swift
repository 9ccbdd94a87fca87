// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// What the installer knows of the host.
package struct Machine: Sendable {
    package let isRoot: Bool
    /// Whether systemd runs the host; only then units can be started.
    package let hasSystemd: Bool

    /// The account that Haven runs as where systemd starts it.
    package static let account = "haven"
    /// Harbor's number of that account, which owners of shared folders know already. It is taken when it is free.
    package static let accountNumber: UInt32 = 10_000

    package init(isRoot: Bool, hasSystemd: Bool) {
        self.isRoot = isRoot
        self.hasSystemd = hasSystemd
    }

    package static func current() -> Machine {
        Machine(isRoot: geteuid() == 0, hasSystemd: access("/run/systemd/system", F_OK) == 0)
    }

    /// The numbers of an account; nil when there is none of that name.
    static func account(_ name: String) -> (user: uid_t, group: gid_t)? {
        getpwnam(name).map { ($0.pointee.pw_uid, $0.pointee.pw_gid) }
    }

    /// Whether the number belongs to no account and no group.
    static func isFree(_ number: UInt32) -> Bool {
        getpwuid(number) == nil && getgrgid(number) == nil
    }
}

/// What a path is now.
struct PathState {
    let mode: UInt32
    let owner: uid_t
    let isFolder: Bool

    /// nil when there is nothing.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        mode = status.st_mode & 0o7777
        owner = status.st_uid
        isFolder = status.st_mode & S_IFMT == S_IFDIR
    }

    /// The folder that holds a path.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
