// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What was measured on.
enum Machine {
    /// Processor, cores, memory, kernel, file system, date, in one line.
    static var description: String {
        let processor = first("model name", in: "/proc/cpuinfo").split(separator: ":").last ?? "unknown processor"
        let memory = first("MemTotal", in: "/proc/meminfo").split(separator: " ").dropFirst().first
        let kilobytes = memory.flatMap { Double($0) } ?? 0
        let kernel = (try? execute("uname", ["-sr"])) ?? ""
        let fileSystem = (try? execute("stat", ["-f", "-c", "%T", "."])) ?? ""
        let date = (try? execute("date", ["-u", "+%Y-%m-%d %H:%M UTC"])) ?? ""
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first ?? ""
        return [
            processor.trimmingCharacters(in: .whitespaces), "\(ProcessInfo.processInfo.activeProcessorCount) cores",
            "\(decimal(kilobytes / 1_048_576, 0)) GiB", kernel, fileSystem, date, "load before the table \(load)",
        ].map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.joined(separator: ", ")
    }

    /// The versions of all contestants and tools.
    static func versions(_ options: Options) -> [String] {
        let commit = (try? execute("git", ["-C", options.root, "describe", "--always", "--dirty"])) ?? "unknown commit"
        let packages = ["docker-registry", "nginx-light", "wrk", "openssl", "curl"].map { name in
            "\(name) \((try? execute("dpkg-query", ["-W", "-f", "${Version}", name])) ?? "?")"
        }
        let haven = "haven \(commit.trimmingCharacters(in: .whitespacesAndNewlines))"
        let swift = (try? execute("swift", ["--version"]))?.split(separator: "\n").first.map(String.init) ?? "Swift ?"
        return [haven, swift] + packages
    }

    private static func first(_ key: String, in file: String) -> String {
        let lines = ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n")
        return lines.first { $0.hasPrefix(key) }.map(String.init) ?? ""
    }
}
