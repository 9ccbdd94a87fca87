// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What stands in one folder of a store.
struct FileListing: Sendable {
    let location: BlobLocation
    let size: Int64
    /// Microseconds since 1970.
    let modified: Int64

    /// Reads a folder; an absent one is empty. Blocks.
    static func entries(of path: String, prefix: String) throws(BlobStorageError) -> [FileListing] {
        guard let folder = opendir(path) else {
            let error = BlobStorageError.beforeWriting("opendir")
            if error == .notFound { return [] }
            throw error
        }
        defer { closedir(folder) }
        var found: [FileListing] = []
        errno = 0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != "..", let file = look(at: name, in: folder, prefix) { found.append(file) }
            errno = 0
        }
        guard errno == 0 else { throw .beforeWriting("readdir") }
        return found
    }

    private static func look(at name: String, in folder: OpaquePointer, _ prefix: String) -> FileListing? {
        var status = stat()
        // Gone since it was read: objects may go while the store is listed.
        guard fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        let modified = Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000
        return FileListing(
            location: BlobLocation(rawValue: "\(prefix)/\(name)"), size: Int64(status.st_size), modified: modified)
    }
}
