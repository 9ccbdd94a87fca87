// SPDX-License-Identifier: Apache-2.0
import Foundation
import SQLStorage
import TestKit
import Testing

/// One mistake that somebody makes in `haven.cfg` or around it, and what must be told.
struct Mistake: Sendable, CustomTestStringConvertible {
    let name: String
    /// The key, or what else to look at, that the message must begin with.
    let key: String
    /// A part of the remedy.
    let remedy: String
    /// Settings that differ from right ones; `-` leaves a line out.
    let settings: @Sendable (World) async throws -> [String: String]

    var testDescription: String { name }

    init(
        _ name: String, _ key: String, _ remedy: String,
        _ settings: @escaping @Sendable (World) async throws -> [String: String]
    ) {
        self.name = name
        self.key = key
        self.remedy = remedy
        self.settings = settings
    }

    /// A mistake in one line.
    init(_ key: String, _ value: String, tells remedy: String, about shown: String? = nil) {
        self.init("\(key) = \(value)", shown ?? key, remedy) { _ in [key: value] }
    }
}

extension Mistake {
    /// An empty database of a server that right settings name, and a folder for what the mistake needs.
    struct World: Sendable {
        let server: Server
        let database: DatabaseServer
        let folder: String

        /// Settings without a mistake.
        var settings: [String: String] { database.settings(server.kind) }

        /// Runs a statement in the database as its administrator.
        @discardableResult
        func sql(_ text: String) async throws -> String { try await server.sql(text, database.database) }

        /// The tables of the database, by name.
        func tables() async throws -> String {
            try await sql(
                "SELECT table_name FROM information_schema.tables WHERE table_schema IN "
                    + "('public', '\(database.database)') ORDER BY table_name")
        }

        /// Runs a command of the program with right settings, those aside that are given.
        func haven(_ arguments: String..., with other: [String: String] = [:]) async throws {
            let own = ["data_volume": folder + "/prepared", "http_port": "0", "metrics_port": "0"]
            let lines = settings.merging(own) { $1 }.merging(other) { $1 }.map { "\($0.key) = \($0.value)\n" }
            let file = folder + "/prepare.cfg"
            try (lines.joined() + "listen = \(folder)/socket\n").write(
                toFile: file, atomically: true, encoding: .utf8)
            try await Tool(HavenProcess.executable, workingFolder: folder).check(arguments + ["--config", file])
        }

        func write(_ name: String, _ text: String) throws -> String {
            let path = "\(folder)/\(name)"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
    }

    /// A database server that the cases share.
    struct Server: Sendable {
        /// What `db_type` calls it.
        let kind: String
        let port: Int
        let make: @Sendable () async throws -> DatabaseServer
        let drop: @Sendable (DatabaseServer) async throws -> Void
        let sql: @Sendable (_ text: String, _ database: String) async throws -> String

        static func postgresql() async throws -> Server {
            let server = try await SoundPostgreSQL.server()
            return Server(
                kind: "postgresql", port: server.port, make: { try await server.makeDatabase() },
                drop: { try await server.drop($0) }, sql: { try await server.sql($0, in: $1) })
        }

        static func mariadb() async throws -> Server {
            let server = try await SoundMariaDB.server()
            return Server(
                kind: "mariadb", port: server.port, make: { try await server.makeDatabase() },
                drop: { try await server.drop($0) }, sql: { try await server.sql("USE \($1); \($0)") })
        }
    }

    /// Runs `body` with an empty database of its own.
    static func withWorld(_ server: Server, _ body: (World) async throws -> Void) async throws {
        let database = try await server.make()
        do {
            try await withTemporaryFolder { folder in
                try await body(World(server: server, database: database, folder: folder))
            }
        } catch {
            try? await server.drop(database)
            throw error
        }
        try await server.drop(database)
    }
}
