// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Runs `body` with the path of a new empty folder and removes the folder afterwards, whatever happens.
///
/// The folder lies in the system's temporary folder, or in the one that `TMPDIR` names.
package func withTemporaryFolder<Result>(_ body: (_ path: String) async throws -> Result) async throws -> Result {
    let path = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// Makes a new empty folder that nothing removes by itself.
package func makeTemporaryFolder() throws -> String {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    // Short, for sockets lie in such folders, and their paths may have 107 bytes only; podman takes 50.
    let path = "\(parent)/haven-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return path
}
