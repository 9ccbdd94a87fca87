// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Files of a page or two, read whole.
package enum SmallFile {
    /// The bytes of a regular file; nil when there is none, when it cannot be read, or when it is larger than `limit`.
    package static func read(_ path: String, atMost limit: Int = 1 << 20) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else { return nil }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if got < 0 { return nil }
            if got == 0 { break }
            count += got
        }
        return count > limit ? nil : Array(bytes.prefix(count))
    }
}

extension SmallFile {
    /// Whether there is nothing of this name.
    package static func isAbsent(_ path: String) -> Bool {
        access(path, F_OK) != 0 && errno == ENOENT
    }
}
