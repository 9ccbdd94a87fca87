// SPDX-License-Identifier: Apache-2.0
import Foundation
import SQLStorage
import TestKit

/// An unpacked installer in a folder of its own, as on a host of its own: program, script and settings.
struct Unpacked {
    /// The host's folder: `haven` is the unpacked installer, `prefix` where it is installed, `data` the data.
    let host: String
    let port: Int
    var url: String { "http://127.0.0.1:\(port)" }
    var source: String { host + "/haven" }
    var prefix: String { host + "/prefix" }
    var program: String { prefix + "/bin/haven" }

    /// - Parameter file: The beginning of `haven.cfg` as somebody has it; `settings` and this host's own lines follow.
    init(host: String, settings: [String: String], file: String = "") async throws {
        self.host = host
        port = try freePort()
        var all = settings
        if !file.contains("hostname = ") { all["hostname"] = all["hostname"] ?? "127.0.0.1" }
        all["listen"] = all["listen"] ?? "127.0.0.1"
        all["http_port"] = all["http_port"] ?? "\(port)"
        all["metrics_port"] = all["metrics_port"] ?? "0"
        all["data_volume"] = all["data_volume"] ?? "\(host)/data"
        let lines = all.filter { $0.value != "-" }.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }
        try FileManager.default.createDirectory(atPath: host + "/haven", withIntermediateDirectories: true)
        try (file + lines.joined()).write(toFile: "\(host)/haven/haven.cfg", atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: "\(host)/haven/haven", withDestinationPath: HavenProcess.executable)
    }

    /// Runs `haven install` from the unpacked folder.
    func install(_ arguments: String..., environment: [String: String?] = [:]) async throws -> ToolResult {
        try await Tool(HavenProcess.executable, environment: environment, workingFolder: host)
            .run(["install", "--from", source, "--prefix", prefix, "--no-start"] + arguments)
    }

    /// Installs and starts, in the foreground.
    func installAndStart() async throws -> ToolResult {
        try await Tool(HavenProcess.executable, workingFolder: host)
            .run(["install", "--from", source, "--prefix", prefix])
    }

    /// Every path below the host's folder with its size and rights, as one text.
    func picture() async throws -> String {
        try await Tool("find", workingFolder: host).check(".", "-printf", "%p %y %m %s\n")
            .split(separator: "\n").sorted().joined(separator: "\n")
    }

    /// Starts what is installed, in the foreground of a supervised process.
    ///
    /// - Parameter url: Where it is asked whether it is ready; by plain HTTP unless another is given.
    func start(_ name: String = "haven", asking url: String? = nil) async throws -> BackgroundProcess {
        let process = try await BackgroundProcess(
            Tool(program, workingFolder: host), ["supervise", "--config", "\(prefix)/etc/haven/haven.cfg"],
            logPath: "\(host)/\(name).log")
        let isServing = try await eventually(within: .seconds(60)) {
            guard process.isRunning else { return true }
            return try await Tool("curl").run(["-fsk", "\(url ?? self.url)/healthz"]).status == 0
        }
        guard isServing, process.isRunning else { throw ToolFailure(what: "not serving: \(process.log)") }
        return process
    }
}

/// A PostgreSQL that promises what an installation demands, shared by all tests of the process.
enum SoundPostgreSQL {
    private static let started = Task {
        try await PostgreSQLServer.start(in: ProcessEnd.makeFolder(), settings: ["fsync": "on"])
    }

    /// The server; nobody stops it.
    static func server() async throws -> PostgreSQLServer { try await started.value }

    /// Runs `body` with the settings of a new empty database, and removes it afterwards.
    static func with(_ body: (_ settings: [String: String]) async throws -> Void) async throws {
        let server = try await started.value
        let place = try await server.makeDatabase()
        do {
            try await body(place.settings())
        } catch {
            try? await server.drop(place)
            throw error
        }
        try await server.drop(place)
    }
}

/// A MariaDB that promises what an installation demands, shared by all tests of the process.
enum SoundMariaDB {
    private static let started = Task {
        try await MariaDBServer.start(
            in: ProcessEnd.makeFolder(), settings: ["innodb_flush_log_at_trx_commit": "1", "sync_binlog": "1"])
    }

    /// The server; nobody stops it.
    static func server() async throws -> MariaDBServer { try await started.value }
}

extension DatabaseServer {
    /// The lines of `haven.cfg` that name it.
    func settings(_ kind: String = "postgresql") -> [String: String] {
        [
            "db_type": kind, "db_host": hosts[0].name, "db_port": "\(hosts[0].port)", "db_user": user,
            "db_password": password ?? "", "db_name": database,
        ]
    }
}
