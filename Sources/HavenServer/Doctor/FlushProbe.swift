// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How long the disk takes to keep a small file: written, flushed, and its name flushed with its folder.
struct FlushProbe {
    /// The time of one round in microseconds, the median of several; nil when it failed.
    let microseconds: Int64?
    let failure: String?

    var isDone: Bool { microseconds != nil }

    /// - Parameter key: The setting that names the folder.
    func finding(key: String) -> Finding {
        guard let microseconds else {
            return Finding(
                .fault, "flush to disk", "\(failure ?? "it failed"); make it writable, or name another place", key: key)
        }
        let text =
            "a small file is on the disk after \(microseconds / 1_000).\(microseconds / 100 % 10) ms "
            + "(median of \(Self.rounds))"
        if microseconds > 50_000 {
            return Finding(.warning, "flush to disk", text + "; each push waits for several of these")
        }
        return Finding(.good, "flush to disk", text)
    }

    private static let rounds = 9

    /// Writes and removes a file of its own in the folder.
    static func run(in folder: String) -> FlushProbe {
        let path = folder + "/.haven-probe-\(UInt64.random(in: .min ... .max))"
        defer { unlink(path) }
        var times: [Int64] = []
        for _ in 0..<rounds {
            let start = ContinuousClock.now
            guard round(path, folder) else {
                return FlushProbe(
                    microseconds: nil, failure: "nothing can be kept in \(folder): \(String(cString: strerror(errno)))")
            }
            let time = start.duration(to: .now).components
            times.append(time.seconds * 1_000_000 + time.attoseconds / 1_000_000_000_000)
            unlink(path)
        }
        return FlushProbe(microseconds: times.sorted()[rounds / 2], failure: nil)
    }

    private static func round(_ path: String, _ folder: String) -> Bool {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        let bytes = [UInt8](repeating: 0x48, count: 4_096)
        let isWritten = write(file, bytes, bytes.count) == bytes.count && fdatasync(file) == 0
        guard close(file) == 0, isWritten else { return false }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return false }
        defer { close(directory) }
        return fsync(directory) == 0
    }
}
