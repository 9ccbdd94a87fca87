// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Starts the contestants, runs the scenarios, prints the table.
@main
struct Bench {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.contains("--help") { return print(Options.help) }
        do {
            try run(Options(arguments, root: repositoryRoot()))
        } catch {
            progress("\(error)")
            exit(1)
        }
    }

    private static func run(_ options: Options) throws {
        let names = options.group.names
        if options.lists { return print(names.joined(separator: "\n")) }
        if let unknown = options.only.first(where: { !names.contains($0) }) {
            throw BenchmarkFailure("no scenario \(unknown); there are: \(names.joined(separator: " "))")
        }
        try? FileManager.default.removeItem(atPath: options.folder)
        defer { try? FileManager.default.removeItem(atPath: options.folder) }
        let outcomes = try options.group.run(options)
        let report = Report(outcomes: outcomes, options: options)
        print(report.text)
        if options.writes { try report.write() }
    }

    /// The executable lies in `Benchmarks/.build/<triple>/release`.
    private static func repositoryRoot() throws -> String {
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        guard let end = executable.range(of: "/Benchmarks/.build/") else {
            throw BenchmarkFailure("run me through Benchmarks/run")
        }
        return String(executable[..<end.lowerBound])
    }
}
