// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Folders that only the server's own account may enter.
enum PrivateFolder {
    /// Makes a folder and those above it when absent.
    ///
    /// - Throws: ``StartFault`` naming the folder when it cannot be made or is no folder.
    static func ensure(_ path: String) throws(StartFault) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw .notAFolder(path) }
            return
        }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try ensure(String(path[..<slash])) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .folder(path, String(cString: strerror(errno)))
        }
    }
}

/// Why a node does not start, for the person who started it.
package enum StartFault: Error, CustomStringConvertible {
    /// Something else is where a folder must be.
    case notAFolder(String)
    /// A folder cannot be made.
    case folder(String, String)
    /// Another server has this data.
    case inUse(String)
    /// A certificate, key or other file cannot be used.
    case file(String)

    package var description: String {
        switch self {
        case .notAFolder(let path): "\(path) is not a folder; remove it or set data_volume to another place"
        case .folder(let path, let cause):
            "the folder \(path) cannot be made (\(cause)); set data_volume to another place"
        case .inUse(let path): "another haven serve uses \(path); stop it, or set data_volume to another place"
        case .file(let text): text
        }
    }
}
