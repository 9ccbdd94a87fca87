// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
package import SQLStorage

/// A throw-away PostgreSQL on a free port of the loopback interface.
///
///     let server = try await PostgreSQLServer.shared       // one for all tests of the process
///     let database = PostgreSQLDatabase(try await server.makeDatabase())
///
/// Tests that stop, kill or change a server start their own: `PostgreSQLServer.start(in: folder)`.
package final class PostgreSQLServer: Sendable {
    package let port: Int
    package let process: ThrowAwayServer
    private let data: String

    private static let account = ServiceAccount("postgres")
    private static let started = Task { try await PostgreSQLServer.start(in: ProcessEnd.makeFolder()) }

    /// The server that tests share; it runs until the process ends. Nobody stops it.
    package static var shared: PostgreSQLServer {
        get async throws { try await started.value }
    }

    private init(folder: String, data: String, port: Int) throws {
        self.port = port
        self.data = data
        process = ThrowAwayServer(
            folder: folder,
            try Self.account.command("\(Self.programs())/postgres", ["-D", data, "-p", "\(port)"]))
    }

    /// Makes and starts a server.
    ///
    /// - Parameters:
    ///   - folder: An empty folder that the server's account can enter.
    ///   - settings: Lines of `postgresql.conf` besides the usual.
    package static func start(in folder: String, settings: [String: String] = [:]) async throws -> PostgreSQLServer {
        chmod(folder, 0o755)
        let data = "\(folder)/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try await account.own(folder)
        try await account.check(
            "\(programs())/initdb",
            [
                "-D", data, "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8",
                "--locale=C.UTF-8", "--no-sync",
            ])
        try configure(data, folder: folder, settings)
        let server = try PostgreSQLServer(folder: folder, data: data, port: try freePort())
        try await server.start()
        try await server.sql("CREATE ROLE haven LOGIN PASSWORD 'havenpw'")
        try await server.sql("CREATE ROLE standby LOGIN REPLICATION PASSWORD 'standbypw'")
        return server
    }

    /// Makes and starts a hot stand-by of this server, in a folder beside its data.
    package func makeStandby(_ name: String = "standby") async throws -> PostgreSQLServer {
        let data = "\(process.folder)/\(name)"
        try await sql("SELECT pg_create_physical_replication_slot('\(name)')")
        try await Self.account.check(
            "\(Self.programs())/pg_basebackup",
            [
                "-D", data, "-h", testAddress, "-p", "\(port)", "-U", "standby", "-R", "-X", "stream", "-c", "fast",
                "--no-sync", "-S", name,
            ],
            environment: ["PGPASSWORD": "standbypw"])
        let standby = try PostgreSQLServer(folder: process.folder, data: data, port: try freePort())
        try await standby.start()
        return standby
    }

    /// Starts it again on its data and its port.
    package func start() async throws {
        try await process.start { [self] in (try? await sql("SELECT 1")) != nil }
    }

    /// Changes a setting of the running server.
    package func change(_ name: String, to value: String) async throws {
        try await sql("ALTER SYSTEM SET \(name) = \(value)")
        try await sql("SELECT pg_reload_conf()")
    }

    /// Makes a stand-by the primary.
    package func promote() async throws {
        try await sql("SELECT pg_promote()")
    }

    /// Makes an empty database and says how Haven comes in.
    package func makeDatabase() async throws -> DatabaseServer {
        let name = "t\(UInt32.random(in: .min ... .max))"
        try await sql("CREATE DATABASE \(name) OWNER haven")
        return DatabaseServer(
            hosts: [.init(testAddress, port: port)], user: "haven", password: "havenpw", database: name)
    }

    /// Makes an empty database whose tables lie on another disk than the server's log.
    package func makeDatabase(on disk: String) async throws -> DatabaseServer {
        let folder = "\(disk)/tables"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await Self.account.own(folder)
        chmod(disk, 0o755)
        let place = try await makeDatabase()
        try await sql("CREATE TABLESPACE elsewhere LOCATION '\(folder)'")
        try await sql("ALTER DATABASE \(place.database) SET TABLESPACE elsewhere")
        return place
    }

    /// Removes a database, whoever uses it.
    package func drop(_ database: DatabaseServer) async throws {
        try await sql("DROP DATABASE IF EXISTS \(database.database) WITH (FORCE)")
    }

    /// Runs a statement as the superuser with `psql`.
    ///
    /// - Returns: The rows, columns separated by `|`.
    @discardableResult
    package func sql(_ text: String, in database: String = "postgres") async throws -> String {
        try await Tool("\(Self.programs())/psql").check(
            [
                "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", process.folder, "-p", "\(port)", "-U", "postgres", "-d",
                database,
                "-c", text,
            ])
    }

    /// Loads a file of statements into a database with `psql`, as Haven's account, as an administrator would.
    package func load(_ file: String, into database: DatabaseServer) async throws {
        try await Tool("\(Self.programs())/psql", environment: ["PGPASSWORD": database.password]).check(
            [
                "-Xq", "-v", "ON_ERROR_STOP=1", "-h", testAddress, "-p", "\(port)", "-U", database.user, "-d",
                database.database, "-f", file,
            ])
    }

    private static func configure(_ data: String, folder: String, _ settings: [String: String]) throws {
        var all = [
            "listen_addresses": "'\(testAddress)'", "unix_socket_directories": "'\(folder)'", "fsync": "off",
            "shared_buffers": "64MB", "max_connections": "1000", "hot_standby": "on", "wal_keep_size": "64MB",
            "max_wal_size": "256MB", "log_min_messages": "fatal",
        ]
        all.merge(settings) { $1 }
        let lines = all.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }.joined()
        try append(lines, to: "\(data)/postgresql.conf")
        let rules = ["all", "replication"].map { "host \($0) all samenet scram-sha-256\n" }.joined()
        try append(rules, to: "\(data)/pg_hba.conf")
    }

    private static func append(_ text: String, to path: String) throws {
        guard let file = FileHandle(forWritingAtPath: path) else { throw ToolFailure(what: "\(path) is missing") }
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    /// The folder of the newest version's programs.
    private static func programs() throws -> String {
        let parent = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).compactMap { Int($0) }
        guard let newest = versions.max() else { throw ToolFailure(what: "PostgreSQL is not on this machine") }
        return "\(parent)/\(newest)/bin"
    }
}
