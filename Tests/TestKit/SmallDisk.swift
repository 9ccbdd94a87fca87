// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A file system in memory with little room, to see what happens when a disk is full. Only root may mount it.
package struct SmallDisk: Sendable {
    /// Where it is mounted.
    package let path: String

    /// Whether this process has the capability to mount, CAP_SYS_ADMIN, which root lacks in many containers.
    package static var isPossible: Bool {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let capabilities = line.flatMap { UInt64($0.dropFirst(7).drop { $0 == "\t" || $0 == " " }, radix: 16) } ?? 0
        return geteuid() == 0 && capabilities & (1 << 21) != 0
    }

    /// The room left, in bytes.
    package var free: Int {
        let values = try? FileManager.default.attributesOfFileSystem(forPath: path)
        return (values?[.systemFreeSize] as? NSNumber)?.intValue ?? 0
    }

    /// Fills the disk until `rest` bytes are left, replacing an earlier filling.
    package func fill(leaving rest: Int) throws {
        empty()
        let count = max(0, free - rest)
        let file = open("\(path)/filling", O_WRONLY | O_CREAT, 0o600)
        guard file >= 0 else { throw ToolFailure(what: "no room for the filling's name") }
        defer { close(file) }
        // Other files grow meanwhile: what cannot be taken any more is taken already.
        _ = posix_fallocate(file, 0, count)
    }

    /// Takes the filling away.
    package func empty() { unlink("\(path)/filling") }
}

/// Mounts a small disk for `body` and unmounts it afterwards, whatever happens.
@discardableResult
package func withSmallDisk<Result>(
    bytes: Int, inodes: Int = 10_000, _ body: (SmallDisk) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        try await Tool("mount").check("-t", "tmpfs", "-o", "size=\(bytes),nr_inodes=\(inodes)", "haven-test", folder)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(SmallDisk(path: folder))) } catch { result = .failure(error) }
        try await Tool("umount").check("-l", folder)
        return try result.get()
    }
}
