// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a backup or a restore was not done, for the person who ran it.
package enum BackupError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The folder of a new backup, or the place to restore to, holds something.
    case notEmpty(String)
    /// Another backup of the same data runs.
    case running
    /// A system call failed.
    case file(String, path: String, cause: String)
    /// Objects may have been deleted while they were copied.
    case holdLost
    /// There is no finished backup in a folder.
    case noBackup(String)
    /// The backup was made in a form this version does not know.
    case unknownFormat(String, Int64)
    /// A file of the backup is not as it was written.
    case damaged(String)
    /// The place to restore to has another secret key.
    case otherKey(String)

    package var description: String {
        switch self {
        case .notEmpty(let path):
            "\(path) is not empty; name an empty or new folder (an interrupted backup or restore may be removed)"
        case .running: "another backup of this registry is being made; wait for it"
        case .file(let what, let path, let cause): "cannot \(what) \(path): \(cause)"
        case .holdLost:
            "the machine stood still for too long, and objects may have been deleted meanwhile; make the backup again"
        case .noBackup(let path): "there is no finished backup in \(path): backup.json is missing or cannot be read"
        case .unknownFormat(let path, let format):
            "the backup in \(path) has the format \(format), which this version does not know; use a newer version"
        case .damaged(let path): "\(path) is not as the backup wrote it; use another backup"
        case .otherKey(let path):
            "\(path) is another key than the backup's; remove it or set secretkey_path to another folder"
        }
    }

    /// A failed system call, by `errno`.
    static func call(_ what: String, _ path: String) -> BackupError {
        .file(what, path: path, cause: String(cString: strerror(errno)))
    }
}
