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
    @Flag(help: "Judge what was lost and the commands of clients, not times and single requests, as on a busy machine.")
    var untimed = false
    @Flag(help: "Run the scenarios through which a push of two gigabytes must get, with one.") var large = false
    @Flag(help: "List the scenarios and end.") var list = false
    @Option(help: "The database: mariadb (Galera) or postgresql.") var database = LabServices.DatabaseKind.mariadb
    @Option(help: "The object store: swift or s3 (Ceph's radosgw).") var store = LabServices.StoreKind.swift
    @Option(help: "What travels: http, or TLS that the balancers pass through (passthrough) or end (terminate).")
    var traffic = LabTraffic.http
    @Option(help: ArgumentHelp("The guide to follow.", valueName: "path")) var guide = "docs/guides/ha-install.md"
    @Option(help: ArgumentHelp("The offline installer; the newest in dist when not given.", valueName: "path"))
    var archive: String?
    @Option(help: ArgumentHelp("The folder of the report; none is written without.", valueName: "folder"))
    var report: String?
    @Option(help: ArgumentHelp("A new folder for logs, which stays.", valueName: "folder")) var logs: String?
    @Flag(help: .hidden) var inside = false

    private var chosen: [Scenario] {
        get throws {
            let choices = [database.rawValue, store.rawValue] + traffic.choices
            let possible = Scenario.all.filter { $0.needs.map(choices.contains) ?? true }
            if scenarios.isEmpty { return possible.filter { (!short || $0.isShort) && (!large || $0.hasLargePush) } }
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
        var waiting = chosen[...]
        var course = Course()
        while !waiting.isEmpty {
            let count = waiting.count
            try await withTemporaryFolder { folder in try await run(&waiting, &course, in: folder) }
            // A lab that broke is built anew for the scenarios after the one that broke it.
            guard waiting.count < count else { throw ToolFailure(what: "the lab does not come up") }
        }
        await LabNetwork.remove()
        if course.misses > 0 { throw ExitCode(1) }
    }

    /// What became of the scenarios so far.
    private struct Course {
        var outcomes: [Trial.Outcome] = []
        /// How many promises were broken.
        var misses = 0
    }

    /// Builds a lab and runs scenarios in it, all or up to the first that breaks the lab itself.
    private func run(_ waiting: inout ArraySlice<Scenario>, _ course: inout Course, in folder: String) async throws {
        chmod(folder, 0o755)
        let start = ContinuousClock.now
        let stage = LabStage(
            database: database, store: store, traffic: traffic, archive: try archivePath(), guide: guide,
            folder: folder)
        let lab: Lab
        do { lab = try await stage.build() } catch {
            say("the lab could not be built: \(error)")
            throw error
        }
        say("the guide was followed to its end after \((ContinuousClock.now - start) / .seconds(1)) s")
        var isWhole = true
        while isWhole, let scenario = waiting.popFirst() {
            do { try await run(scenario, lab, &course) } catch {
                say("missed: \(scenario.name) broke the lab: \(error)")
                course.misses += 1
                isWhole = false
            }
        }
        keepLogs(of: lab)
        try await lab.end()
    }

    private func run(_ scenario: Scenario, _ lab: Lab, _ course: inout Course) async throws {
        say("\(scenario.name): \(scenario.what)")
        let outcome = try await Trial(
            scenario: untimed ? scenario.untimed : scenario, lab: lab, hasLargePush: large
        ).run()
        course.outcomes.append(outcome)
        course.misses += outcome.misses.count
        for miss in outcome.misses { say("missed: \(miss)") }
        if scenario.promise.failedCommands == nil, let failure = outcome.failedCommands.first {
            say("\(scenario.name): one of the failed commands: \(failure)")
        }
        for figure in outcome.figures { say("\(scenario.name): \(figure.name): \(figure.seconds.shown) s") }
        for (failure, count) in outcome.load.failures.sorted(by: { $0.key < $1.key }) {
            say("\(scenario.name): failed requests: \(count) × \(failure)")
        }
        say(outcome.line)
        if let report {
            let choices = [database.rawValue, store.rawValue, traffic.rawValue] + (large ? ["large"] : [])
            try await LabReport(course.outcomes, choices).write(to: report)
        }
    }

    /// Copies the logs of the nodes and of the balancers' programs.
    private func keepLogs(of lab: Lab) {
        guard let logs else { return }
        try? FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
        let balancers = LabAddress.balancers.compactMap { name in
            lab.hosts[name].map { (folder: $0.written("/var/log"), prefix: "\(name)-") }
        }
        for (folder, prefix) in [(lab.folder, "")] + balancers {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where name.hasSuffix(".log") {
                let target = "\(logs)/\(prefix)\(name)"
                try? FileManager.default.removeItem(atPath: target)
                try? FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: target)
            }
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
extension LabTraffic: ExpressibleByArgument {}

/// Prints a line at once, also into a file or a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
