// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Open files and memory.
enum ResourceCheck {
    static func findings(_ limits: LimitSettings) -> [Finding] {
        [openFiles(limits.maxConnections), memory()].compactMap { $0 }
    }

    private static func openFiles(_ connections: Int) -> Finding? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        // A connection may hold a file, and the server has its own.
        let wanted = UInt64(connections) * 2 + 256
        if limit.rlim_max < wanted {
            return Finding(
                .warning, "open files",
                "the limit is \(limit.rlim_max), and max_connections = \(connections) may need \(wanted); raise "
                    + "LimitNOFILE or lower max_connections")
        }
        return Finding(.good, "open files", "the limit is \(limit.rlim_max), and \(wanted) are enough")
    }

    private static func memory() -> Finding? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int64($0) })
        else { return nil }
        let mebibytes = kibibytes / 1_024
        if mebibytes < 256 {
            return Finding(
                .warning, "memory",
                "only \(mebibytes) MiB are available; 256 MiB "
                    + "are advised")
        }
        return Finding(.good, "memory", "\(mebibytes) MiB are available")
    }
}
