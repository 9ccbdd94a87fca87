// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A MariaDB database, alone or as a Galera cluster: a pool of connections for each lane, to the first host that is ready.
///
/// In a cluster every write begins at a fresh point and every read passes a barrier, so that what one node of Haven
/// answered is seen by all of them, whichever database node they use.
///
/// Nothing is opened before it is needed; a server that is away is told by the first transaction. A value is a reference to
/// the pools; when the last one goes, they are closed, as by ``close()`` but without waiting.
package struct MariaDBDatabase: SQLDatabase {
    package let dialect = SQLDialect.mariadb
    private let engine: ServerEngine

    package init(_ server: DatabaseServer, options: DatabaseServerOptions = DatabaseServerOptions()) {
        MariaDBLibrary.start()
        let barriers = Dictionary(server.hosts.map { ($0, GaleraBarrier()) }) { first, _ in first }
        engine = ServerEngine(.mariadb, HostChoice(server.hosts), options) { (host, lane) throws(SQLError) in
            try MariaDBSession(server, host, lane, options, barrier: barriers[host] ?? GaleraBarrier())
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
