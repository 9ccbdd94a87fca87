// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A small file that only its owner may read and that is written once.
enum SecretFile {
    struct Found {
        let content: [UInt8]
        let mode: UInt32
    }

    struct Failure: Error, CustomStringConvertible {
        let step: String
        let code: Int32
        var description: String { "\(step): \(String(cString: strerror(code)))" }
    }

    /// The file's content, at most 4096 bytes; nil when there is none.
    static func read(_ path: String) throws -> Found? {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure(step: "open", code: errno)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Failure(step: "stat", code: errno) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &buffer, buffer.count)
        guard count >= 0 else { throw Failure(step: "read", code: errno) }
        return Found(content: Array(buffer[..<count]), mode: status.st_mode)
    }

    /// Makes the file, durable and complete. When somebody else made it meanwhile theirs stays.
    static func create(_ path: String, folder: String, content: String) throws {
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw Failure(step: "mkdir \(folder)", code: errno) }
        // Written under another name and linked to the right one: a link never replaces a file, and nobody ever sees
        // half of it.
        let draft = "\(path).\(Base64URL.encode(randomBytes(9)))"
        defer { unlink(draft) }
        try write(Array(content.utf8), to: draft)
        if link(draft, path) != 0, errno != EEXIST { throw Failure(step: "link", code: errno) }
        try flush(folder: folder)
    }

    private static func write(_ content: [UInt8], to path: String) throws {
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure(step: "create", code: errno) }
        defer { close(file) }
        guard Glibc.write(file, content, content.count) == content.count else {
            throw Failure(step: "write", code: errno)
        }
        guard fsync(file) == 0 else { throw Failure(step: "fsync", code: errno) }
    }

    private static func flush(folder: String) throws {
        let file = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw Failure(step: "open folder", code: errno) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw Failure(step: "fsync folder", code: errno) }
    }
}
