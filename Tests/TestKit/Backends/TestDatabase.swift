// SPDX-License-Identifier: Apache-2.0
import Foundation
package import SQLStorage

/// The kinds of databases that every test of a database can run on.
package enum TestDatabase: String, Sendable, CaseIterable {
    case sqlite, postgresql, mariadb
    /// Three nodes of MariaDB; a database of it uses any ready one.
    case galera

    /// What tests use that run on one kind: SQLite, or what `HAVEN_TEST_DATABASE` names.
    package static var chosen: TestDatabase {
        ProcessInfo.processInfo.environment["HAVEN_TEST_DATABASE"].flatMap(TestDatabase.init(rawValue:)) ?? .sqlite
    }

    /// Runs `body` with a new empty database of this kind on a shared server, and removes it afterwards.
    package func with<Result>(
        options: DatabaseServerOptions = .few, _ body: (any SQLDatabase) async throws -> Result
    ) async throws -> Result {
        try await withOpener(options: options) { open in
            let database = try open()
            do {
                let result = try await body(database)
                await database.close()
                return result
            } catch {
                await database.close()
                throw error
            }
        }
    }

    /// Runs `body` with a way to open one new database several times, as several nodes of Haven do. `body` closes what it opens.
    package func withOpener<Result>(
        options: DatabaseServerOptions = .few,
        _ body: (@escaping @Sendable () throws -> any SQLDatabase) async throws -> Result
    ) async throws -> Result {
        guard self != .sqlite else {
            return try await withTemporaryFolder { folder in
                try await body { try SQLiteDatabase(path: "\(folder)/haven.db") }
            }
        }
        return try await withServer { place in try await body { try self.open(place, options: options) } }
    }

    /// Runs `body` with a new empty database on the shared server of this kind, and removes it afterwards.
    package func withServer<Result>(_ body: (DatabaseServer) async throws -> Result) async throws -> Result {
        let (place, drop) = try await makeDatabase()
        do {
            let result = try await body(place)
            try await drop()
            return result
        } catch {
            try? await drop()
            throw error
        }
    }

    /// Opens a database of this kind; nothing is asked of the server yet.
    package func open(
        _ place: DatabaseServer, options: DatabaseServerOptions = .few
    ) throws -> any SQLDatabase {
        switch self {
        case .sqlite: throw ToolFailure(what: "SQLite has no server")
        case .postgresql: PostgreSQLDatabase(place, options: options)
        case .mariadb, .galera: MariaDBDatabase(place, options: options)
        }
    }

    private func makeDatabase() async throws -> (DatabaseServer, drop: () async throws -> Void) {
        switch self {
        case .sqlite: throw ToolFailure(what: "SQLite has no server")
        case .postgresql:
            let server = try await PostgreSQLServer.shared
            let place = try await server.makeDatabase()
            return (place, { try await server.drop(place) })
        case .mariadb:
            let server = try await MariaDBServer.shared
            let place = try await server.makeDatabase()
            return (place, { try await server.drop(place) })
        case .galera:
            let cluster = try await GaleraCluster.shared
            let place = try await cluster.makeDatabase()
            return (place, { try await cluster.drop(place) })
        }
    }
}

extension DatabaseServerOptions {
    /// Few connections, because many tests run at once on one server.
    package static var few: DatabaseServerOptions {
        var options = DatabaseServerOptions()
        options.connections = [.pull: 3, .push: 4, .administration: 2, .jobs: 2]
        // A machine busy with tests is no server that is away.
        options.connectTimeout = .seconds(30)
        options.deadline = .seconds(60)
        return options
    }
}

extension FaultProxy.Trap {
    /// Springs when a COMMIT passes on its way to a server of `kind`; a level of isolation has the word in its name too.
    package static func commit(_ kind: TestDatabase, _ action: FaultProxy.Action) -> FaultProxy.Trap {
        kind == .postgresql ? .init("COMMIT\u{0}", toServer: action) : .init("\u{3}COMMIT", toServer: action)
    }
}
