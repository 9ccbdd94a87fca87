// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI

/// Runs blocking work on a thread of its own: backups are rare and long, and no pool has threads for that.
func onOwnThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { caller in
        Thread.detachNewThread { caller.resume(with: Result { try body() }) }
    }
}

/// The file operations of backups. Every call blocks.
enum BackupFiles {
    /// What is in a folder; nothing when there is no folder.
    static func names(in folder: String, besides ignored: Set<String> = ["lost+found"]) throws(BackupError) -> [String]
    {
        guard let stream = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw .call("read", folder)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != "..", !ignored.contains(name) { names.append(name) }
        }
        return names
    }

    /// Makes a folder that only its owner may enter, and those above it.
    static func makeFolder(_ path: String) throws(BackupError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw .call("make the folder", path)
        }
        try makeFolder(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .call("make the folder", path) }
    }

    /// Makes the names in a folder survive a power cut.
    static func flush(folder: String) throws(BackupError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .call("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .call("flush", folder) }
    }

    /// Makes the names in folders, and those of the folders themselves up to `root`, survive a power cut.
    static func flush(_ folders: Set<String>, upTo root: String) throws(BackupError) {
        var all: Set<String> = [root]
        for folder in folders {
            var folder = folder[...]
            while folder.utf8.count > root.utf8.count, all.insert(String(folder)).inserted {
                folder = folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)]
            }
        }
        for folder in all { try flush(folder: folder) }
    }

    /// The size of a file; nil when there is none.
    static func size(of path: String) -> Int64? {
        var status = stat()
        return lstat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Gives an immutable file a second name; false where the two places cannot share files.
    static func link(_ source: String, to target: String) throws(BackupError) -> Bool {
        if Glibc.link(source, target) == 0 { return true }
        guard [EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS].contains(errno) else { throw .call("link", target) }
        return false
    }

    /// Copies a file to a new name, durably but for the name itself.
    ///
    /// - Returns: Size and digest of what was copied.
    @discardableResult
    static func copy(
        _ source: String, to target: String, _ algorithm: Digest.Algorithm = .sha256
    ) throws(BackupError) -> BackupDigest {
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .call("create", target) }
        defer { close(descriptor) }
        let result = try read(source, algorithm) { (bytes) throws(BackupError) in
            try write(bytes, to: descriptor, target)
        }
        guard fsync(descriptor) == 0 else { throw .call("flush", target) }
        return result
    }

    /// Size and digest of a file.
    static func digest(of path: String) throws(BackupError) -> BackupDigest {
        try read(path, .sha256) { (_) throws(BackupError) in }
    }

    /// Writes a new file, durably but for the name itself.
    static func write(_ bytes: [UInt8], to path: String) throws(BackupError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .call("create", path) }
        defer { close(descriptor) }
        try write(bytes, to: descriptor, path)
        guard fsync(descriptor) == 0 else { throw .call("flush", path) }
    }

    /// Writes behind what was written to an open file before.
    static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(BackupError) {
        let failure: BackupError? = bytes.withUnsafeBytes { bytes in
            do throws(BackupError) { try write(bytes, to: descriptor, path) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String
    ) throws(BackupError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(descriptor, chunk.baseAddress, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .call("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    private static func read(
        _ path: String, _ algorithm: Digest.Algorithm,
        _ take: (UnsafeRawBufferPointer) throws(BackupError) -> Void
    ) throws(BackupError) -> BackupDigest {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .call("open", path) }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var hasher = DigestHasher(algorithm)
        var size: Int64 = 0
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .call("read", path) }
            if count == 0 { return BackupDigest(size: size, digest: hasher.finish()) }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hasher.update(bytes)
            try take(bytes)
            size += Int64(count)
        }
    }
}

/// What a file of a backup must be.
struct BackupDigest: Sendable, Equatable {
    /// In bytes.
    var size: Int64
    var digest: Digest
}

extension BackupFiles {
    /// Removes a folder with everything in it, as far as it can be.
    static func removeTree(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}
