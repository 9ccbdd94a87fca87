// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Finds `tool` on PATH or among the system's administration tools.
func path(of tool: String) throws -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    for folder in folders + ["/usr/sbin", "/sbin"] where access("\(folder)/\(tool)", X_OK) == 0 {
        return "\(folder)/\(tool)"
    }
    throw BenchmarkFailure("\(tool) is not installed")
}

/// Runs a tool to its end and returns what it wrote to standard output.
///
/// - Throws: ``BenchmarkFailure`` with the end of its standard error when it exits with anything but 0.
@discardableResult
func execute(
    _ tool: String, _ arguments: [String], input: String? = nil, environment: [String: String] = [:],
    in folder: String? = nil
) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tool.contains("/") ? tool : try path(of: tool))
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let errors = FileManager.default.temporaryDirectory.appendingPathComponent("bench-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    let output = Pipe()
    let standardInput = Pipe()
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = standardInput
    try process.run()
    // A tool that does not read its input may be gone already; its exit status says whether that was right.
    try? standardInput.fileHandleForWriting.write(contentsOf: Data((input ?? "").utf8))
    try standardInput.fileHandleForWriting.close()
    let written = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        let complaint = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
        throw BenchmarkFailure("\(tool) \(arguments.joined(separator: " ")): \(complaint.suffix(500))")
    }
    return String(decoding: written, as: UTF8.self)
}

/// Runs `body` on `count` threads at once and returns what each gave, in order.
///
/// - Throws: The first error of any of them, after all have ended.
func inParallel<T: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> T) throws -> [T] {
    let results = ThreadResults<T>()
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        Thread.detachNewThread {
            results.set(index, Result { try body(index) })
            group.leave()
        }
    }
    group.wait()
    return try (0..<count).map { try results.get($0) }
}

/// Where the threads of ``inParallel(_:_:)`` leave what they found.
private final class ThreadResults<T: Sendable>: @unchecked Sendable {  // `values` is only touched under `lock`
    private let lock = NSLock()
    private var values: [Int: Result<T, any Error>] = [:]

    func set(_ index: Int, _ value: Result<T, any Error>) { lock.withLock { values[index] = value } }

    func get(_ index: Int) throws -> T {
        guard let result = lock.withLock({ values[index] }) else { throw BenchmarkFailure("a thread gave no result") }
        return try result.get()
    }
}
