// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A server under measurement: started and stopped here, seen through `/proc`.
final class ServerProcess {
    private let process = Process()
    private var pid: Int32 { process.processIdentifier }

    /// Starts `tool`; everything it says goes to `log`.
    init(_ tool: String, _ arguments: [String], environment: [String: String] = [:], log: String) throws {
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = arguments
        // What whoever measures has set for a cloud of their own is no setting of a contestant.
        let inherited = ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("AWS_") && !name.hasPrefix("OS_")
        }
        process.environment = inherited.merging(environment) { $1 }
        if !FileManager.default.fileExists(atPath: log) {
            _ = FileManager.default.createFile(atPath: log, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    /// Waits until a request for `path` gets any answer, asking every millisecond, for so many seconds.
    func waitUntilAnswering(_ path: String, port: Int, log: String, within seconds: Double = 30) throws {
        let deadline = now() + seconds
        while now() < deadline {
            if let connection = try? Connection(port: port), (try? connection.send("GET", path)) != nil { return }
            guard process.isRunning else { break }
            usleep(1000)
        }
        let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw BenchmarkFailure("the server does not answer \(path): \(said.suffix(1000))")
    }

    /// Asks the server to end, and makes it end after 15 s.
    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        let deadline = now() + 15
        while process.isRunning, now() < deadline { usleep(2000) }
        if process.isRunning { kill(pid, SIGKILL) }
        process.waitUntilExit()
    }

    /// What the kernel says about the server now.
    var statistics: ProcessStatistics { ProcessStatistics(pid: pid) }

    deinit { stop() }
}

/// A port of the loopback address that nobody listens on now.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let done = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    guard done else { throw BenchmarkFailure("no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
}
