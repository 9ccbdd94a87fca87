// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Repeats a system call that a signal interrupted.
func retrying<T: SignedInteger>(_ call: () -> T) -> T {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

extension BlobStorageError {
    /// A failed write or flush: no room, or nobody knows what is stored now.
    static func afterWriting(_ call: StaticString, _ code: Int32 = errno) -> BlobStorageError {
        isNoRoom(code) ? .full : .lost(text(call, code))
    }

    /// A call that failed before it changed anything.
    static func beforeWriting(_ call: StaticString, _ code: Int32 = errno) -> BlobStorageError {
        switch code {
        case ENOENT, ENOTDIR, ESTALE: .notFound
        case EEXIST: .invalid("the name was used before")
        default: isNoRoom(code) ? .full : .unreachable(text(call, code))
        }
    }

    private static func isNoRoom(_ code: Int32) -> Bool { code == ENOSPC || code == EDQUOT }

    private static func text(_ call: StaticString, _ code: Int32) -> String {
        "\(call): \(String(cString: strerror(code))) (\(code))"
    }
}

/// Flushes a directory, so that names made or removed in it survive a power cut. Returns an error number or 0.
func flushDirectory(_ path: String) -> Int32 {
    let descriptor = retrying { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { return errno }
    let code = retrying { fsync(descriptor) } == 0 ? 0 : errno
    close(descriptor)
    return code
}
