// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Folders of servers that live as long as the test process, removed when it ends.
package enum SharedFolder {
    private static let folders = Mutex<[String]>([])
    private static let registration: Void = {
        atexit {
            SharedFolder.folders.withLock { for path in $0 { try? FileManager.default.removeItem(atPath: path) } }
        }
    }()

    package static func make() throws -> String {
        _ = registration
        let path = try makeTemporaryFolder()
        folders.withLock { $0.append(path) }
        return path
    }
}

/// Writes a configuration file.
func writeFile(_ path: String, _ lines: String...) throws {
    try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
}
