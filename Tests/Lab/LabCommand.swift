// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Glibc
import TestKit

/// Builds the guide's picture in network namespaces, breaks it, and says what clients noticed.
@main struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "haven-lab",
        abstract: "Build the high-availability guide's picture, break it under load, and report.",
        discussion: """
            Two balancers, three nodes, a database with its stand-by, Redis with sentinels, an object store and a client, each in \
            namespaces of its own; nothing of the machine outside is changed. It must run as root.
            """)
    @Argument(help: ArgumentHelp("The scenarios to run; all when none is named.", valueName: "scenario"))
    var scenarios: [String] = []
    @Flag(help: "Run the short set.") var short = false
    @Flag(help: "Let a push of two gigabytes go on while things break.") var large = false
    @Flag(help: "List the scenarios and end.") var list = false
    @Option(help: "The database: mariadb (Galera) or postgresql.") var database = LabServices.DatabaseKind.mariadb
    @Option(help: "The object store: swift or s3 (Ceph's radosgw).") var store = LabServices.StoreKind.swift
    @Option(help: ArgumentHelp("The guide to follow.", valueName: "path")) var guide = "docs/guides/ha-install.md"
    @Option(help: ArgumentHelp("The offline installer; the newest in dist when not given.", valueName: "path"))
    var archive: String?
    @Option(help: ArgumentHelp("The folder of the report; none is written without.", valueName: "folder"))
    var report: String?
    @Option(help: ArgumentHelp("A new folder for logs, which stays.", valueName: "folder")) var logs: String?
    @Flag(help: .hidden) var inside = false

    private var chosen: [Scenario] {
        get throws {
            let choices = [database.rawValue, store.rawValue]
            let possible = Scenario.all.filter { $0.needs.map(choices.contains) ?? true }
            if scenarios.isEmpty { return possible.filter { !short || $0.isShort } }
            return try scenarios.map { name in
                guard let scenario = possible.first(where: { $0.name == name }) else {
                    let names = possible.map(\.name).joined(separator: ", ")
                    throw ValidationError(
                        "there is no scenario \(name) on \(choices.joined(separator: " and ")); there are \(names)")
                }
                return scenario
            }
        }
    }

    func run() async throws {
        if list {
            for scenario in Scenario.all { say("\(scenario.name): \(scenario.what)") }
            return
        }
        let chosen = try chosen
        guard geteuid() == 0 else { throw ValidationError("the lab makes namespaces and must run as root") }
        if inside { try await stage(chosen) } else { try await enter() }
    }

    /// Builds the network and becomes this program on the host `services`.
    private func enter() async throws {
        try await LabNetwork.build()
        // The disks of the hosts are mounted for this program and its children alone.
        let command =
            LabNetwork.entering("services") + ["unshare", "--mount", "--propagation", "private", "env"]
            + ["HAVEN_TEST_ADDRESS=\(LabAddress.of("services"))"] + CommandLine.arguments + ["--inside"]
        var arguments = command.map { strdup($0) } + [nil]
        execvp(command[0], &arguments)
        throw ToolFailure(what: "\(command[0]) cannot be run: \(String(cString: strerror(errno)))")
    }

    private func stage(_ chosen: [Scenario]) async throws {
        let misses = try await withTemporaryFolder { folder in
            chmod(folder, 0o755)
            let start = ContinuousClock.now
            let stage = LabStage(
                database: database, store: store, archive: try archivePath(), guide: guide, folder: folder)
            let lab: Lab
            do { lab = try await stage.build() } catch {
                say("the lab could not be built: \(error)")
                throw error
            }
            say("the guide was followed to its end after \((ContinuousClock.now - start) / .seconds(1)) s")
            let outcome: Result<Int, any Error>
            do { outcome = .success(try await run(chosen, lab)) } catch { outcome = .failure(error) }
            keepLogs(of: folder)
            try await lab.end()
            return try outcome.get()
        }
        await LabNetwork.remove()
        if misses > 0 { throw ExitCode(1) }
    }

    /// - Returns: How many promises were broken.
    private func run(_ chosen: [Scenario], _ lab: Lab) async throws -> Int {
        var outcomes: [Trial.Outcome] = []
        for scenario in chosen {
            say("\(scenario.name): \(scenario.what)")
            let outcome = try await Trial(scenario: scenario, lab: lab, hasLargePush: large).run()
            outcomes.append(outcome)
            for miss in outcome.misses { say("missed: \(miss)") }
            for figure in outcome.figures { say("\(scenario.name): \(figure.name): \(figure.seconds.shown) s") }
            for (failure, count) in outcome.load.failures.sorted(by: { $0.key < $1.key }) {
                say("\(scenario.name): failed requests: \(count) × \(failure)")
            }
            say(outcome.line)
            if let report { try await LabReport(outcomes, database, store).write(to: report) }
        }
        return outcomes.map(\.misses.count).reduce(0, +)
    }

    private func keepLogs(of folder: String) {
        guard let logs else { return }
        try? FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".log") {
            try? FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(logs)/\(name)")
        }
    }

    private func archivePath() throws -> String {
        let folder = "\(FileManager.default.currentDirectoryPath)/dist"
        if let archive { return URL(filePath: archive).path }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard let newest = names.filter({ $0.hasSuffix(".tgz") }).sorted().last else {
            throw ValidationError("there is no installer in \(folder); make it with: make dist")
        }
        return "\(folder)/\(newest)"
    }
}

extension LabServices.DatabaseKind: ExpressibleByArgument {}
extension LabServices.StoreKind: ExpressibleByArgument {}

/// Prints a line at once, also into a file or a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
