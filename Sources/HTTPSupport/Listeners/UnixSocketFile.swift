// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The file of a Unix socket, which outlives the process that made it.
enum UnixSocketFile {
    /// Makes way for a new socket: removes one that nobody answers.
    ///
    /// - Throws: ``InUse`` when another process listens there, or the file is no socket.
    static func clear(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw InUse.notASocket }
        guard !isAnswered(path) else { throw InUse.byAnotherProcess }
        unlink(path)
    }

    static func remove(_ path: String) {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    }

    private static func isAnswered(_ path: String) -> Bool {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { Glibc.close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    enum InUse: Error {
        case notASocket
        case byAnotherProcess
    }
}
