// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Figures of a process and its children, from `/proc`; specified by proc(5).
struct ProcessStatistics {
    let pid: Int32

    /// Processor time used so far, user and system, by the server and its workers, in seconds.
    var cpuSeconds: Double {
        family.reduce(0) { $0 + cpuTicks(of: $1) } / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Memory in RAM now, of the server and its workers, in bytes.
    var residentBytes: Double { family.reduce(0) { $0 + residentBytes(of: $1) } }

    private var family: [Int32] {
        let children = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
        return [pid] + children.split(separator: " ").compactMap { Int32($0) }
    }

    private func cpuTicks(of pid: Int32) -> Double {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return 0 }
        // proc(5): fields 14 and 15 are utime and stime; what follows ")" begins with field 3.
        let fields = stat[end...].split(separator: " ").dropFirst()
        return fields.dropFirst(11).prefix(2).compactMap { Double($0) }.reduce(0, +)
    }

    private func residentBytes(of pid: Int32) -> Double {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return line.split(separator: " ").compactMap { Double($0) }.first.map { $0 * 1024 } ?? 0
    }
}

/// Runs `body` while the resident memory of `process` is read every 5 ms.
///
/// - Returns: The largest value seen, in bytes.
func peakMemory(of process: ProcessStatistics, while body: () throws -> Void) throws -> Double {
    let watch = MemoryWatch(process)
    defer { watch.end() }
    try body()
    return watch.end()
}

private final class MemoryWatch: @unchecked Sendable {  // what changes is only touched under `lock`
    private let lock = NSLock()
    private var peak = 0.0
    private var ended = false

    init(_ process: ProcessStatistics) {
        Thread.detachNewThread { [self] in
            while !lock.withLock({ ended }) {
                let bytes = process.residentBytes
                lock.withLock { peak = max(peak, bytes) }
                usleep(5000)
            }
        }
    }

    @discardableResult
    func end() -> Double {
        lock.withLock {
            ended = true
            return peak
        }
    }
}
