// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A wrong clock for a program, by Debian's libfaketime, that may jump while the program runs.
package struct FakeTime: Sendable {
    private let path: String

    /// - Parameters:
    ///   - folder: Where the file of the clock is made.
    ///   - shift: How wrong the clock is, such as `+10m`.
    package init(in folder: String, _ shift: String) throws {
        path = "\(folder)/clock"
        try set(shift)
    }

    /// Moves the clock of running programs.
    package func set(_ shift: String) throws { try shift.write(toFile: path, atomically: true, encoding: .utf8) }

    /// The variables of a program with this clock; its timers go as they should.
    package var environment: [String: String?] { Self.environment(of: path) }

    /// The variables of a program whose clock is shifted by what stands in a file.
    package static func environment(of path: String) -> [String: String?] {
        [
            "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": path, "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        ]
    }

    private static var library: String {
        let folders = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/faketime" }
        let folder = folders.first { FileManager.default.fileExists(atPath: $0) } ?? "/usr/lib/faketime"
        return "\(folder)/libfaketimeMT.so.1"
    }
}
