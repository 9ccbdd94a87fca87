// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
package import SQLStorage

/// A throw-away MariaDB on a free port of the loopback interface; alone, or as a node of a ``GaleraCluster``.
///
///     let server = try await MariaDBServer.shared          // one for all tests of the process
///     let database = MariaDBDatabase(try await server.makeDatabase())
///
/// Tests that stop, kill or change a server start their own: `MariaDBServer.start(in: folder)`.
package final class MariaDBServer: Sendable {
    package let port: Int
    package let process: ThrowAwayServer
    private let socket: String

    private static let account = ServiceAccount("mysql")
    private static let started = Task { try await MariaDBServer.start(in: ProcessEnd.makeFolder()) }

    /// The server that tests share; it runs until the process ends. Nobody stops it.
    package static var shared: MariaDBServer {
        get async throws { try await started.value }
    }

    /// Writes the settings of a server; nothing runs yet.
    init(preparedIn folder: String, settings: [String: String]) async throws {
        port = try freePort()
        socket = "\(folder)/m.sock"
        for name in ["data", "tmp"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        var all = [
            "datadir": "\(folder)/data", "tmpdir": "\(folder)/tmp", "socket": socket, "pid-file": "\(folder)/m.pid",
            "bind-address": testAddress, "port": "\(port)", "skip-name-resolve": "1", "max_connections": "1000",
            "character-set-server": "utf8mb4", "collation-server": "utf8mb4_general_ci",
            "innodb_buffer_pool_size": "64M", "innodb_log_file_size": "32M", "innodb_flush_log_at_trx_commit": "2",
            "performance_schema": "OFF",
        ]
        all.merge(settings) { $1 }
        let text = "[mysqld]\n" + all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        try text.write(toFile: "\(folder)/my.cnf", atomically: true, encoding: .utf8)
        chmod(folder, 0o755)
        try await Self.account.own(folder)
        process = ThrowAwayServer(
            folder: folder, try Self.account.command("mariadbd", ["--defaults-file=\(folder)/my.cnf"]))
    }

    /// Makes and starts a server that is no node of a cluster.
    ///
    /// - Parameters:
    ///   - folder: An empty folder that the server's account can enter.
    ///   - settings: Lines of `my.cnf` besides the usual.
    package static func start(in folder: String, settings: [String: String] = [:]) async throws -> MariaDBServer {
        let server = try await MariaDBServer(preparedIn: folder, settings: settings)
        try await server.install()
        try await server.start()
        try await server.makeAccount()
        return server
    }

    /// Makes the server's own tables.
    func install() async throws {
        let user = NSUserName()
        try await Self.account.check(
            "mariadb-install-db",
            [
                "--defaults-file=\(process.folder)/my.cnf", "--wsrep-on=OFF",
                "--auth-root-authentication-method=socket", "--auth-root-socket-user=\(user)", "--skip-test-db",
            ])
    }

    /// Makes Haven's account, which may do everything in the databases of tests and nothing outside.
    func makeAccount() async throws {
        try await sql("CREATE USER haven@'%' IDENTIFIED BY 'havenpw'")
        try await sql("GRANT ALL ON `t%`.* TO haven@'%'")
    }

    /// Starts it again on its data and its port.
    package func start(_ extra: [String] = []) async throws {
        try await process.start(extra) { [self] in
            guard let state = try? await sql("SHOW STATUS LIKE 'wsrep_ready'") else { return false }
            return !state.contains("OFF") || !isNode
        }
    }

    private var isNode: Bool {
        (try? String(contentsOfFile: "\(process.folder)/my.cnf", encoding: .utf8))?.contains("wsrep_on=ON") ?? false
    }

    /// Makes an empty database and says how Haven comes in.
    package func makeDatabase() async throws -> DatabaseServer {
        let name = "t\(UInt32.random(in: .min ... .max))"
        try await sql("CREATE DATABASE \(name)")
        return database(named: name)
    }

    /// How Haven comes in to a database of this server.
    package func database(named name: String) -> DatabaseServer {
        DatabaseServer(hosts: [.init(testAddress, port: port)], user: "haven", password: "havenpw", database: name)
    }

    /// Removes a database, whoever uses it.
    package func drop(_ database: DatabaseServer) async throws {
        try await sql("DROP DATABASE IF EXISTS \(database.database)")
    }

    /// Loads a file of statements into a database with the `mariadb` client, as Haven's account, as an administrator would.
    package func load(_ file: String, into database: DatabaseServer) async throws {
        try await Tool("mariadb", environment: ["MYSQL_PWD": database.password]).check(
            ["--no-defaults", "-h", testAddress, "-P", "\(port)", "-u", database.user, database.database],
            input: try String(contentsOfFile: file, encoding: .utf8))
    }

    /// Runs statements as the superuser with the `mariadb` client.
    ///
    /// - Returns: The rows, columns separated by tabs.
    @discardableResult
    package func sql(_ text: String) async throws -> String {
        try await Tool("mariadb").check(["--no-defaults", "-NB", "-u", NSUserName(), "-S", socket, "-e", text])
    }
}
