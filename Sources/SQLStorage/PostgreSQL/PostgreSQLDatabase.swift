// SPDX-License-Identifier: Apache-2.0

/// A PostgreSQL database: a pool of connections for each lane, to the one host that takes writes.
///
/// Nothing is opened before it is needed; a server that is away is told by the first transaction. A value is a reference to
/// the pools; when the last one goes, they are closed, as by ``close()`` but without waiting.
package struct PostgreSQLDatabase: SQLDatabase {
    package let dialect = SQLDialect.postgresql
    private let engine: ServerEngine

    package init(_ server: DatabaseServer, options: DatabaseServerOptions = DatabaseServerOptions()) {
        engine = ServerEngine(.postgresql, HostChoice(server.hosts), options) { (host, lane) throws(SQLError) in
            try PostgreSQLSession(server, host, lane, options)
        }
    }

    package func read<T: Sendable>(
        _ lane: SQLLane, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
        try await engine.run(.read, lane, body)
    }

    @discardableResult
    package func write<T: Sendable>(
        _ lane: SQLLane, _ durability: SQLDurability, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
        try await engine.run(.write, lane, body)
    }

    /// Always nil: whether somebody has committed is known at the server only.
    package func changeStamp() -> UInt64? { nil }

    package func lookAround() { engine.lookAround() }

    package func close() async {
        await engine.close()
    }
}
