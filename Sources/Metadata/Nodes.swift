// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// Identifies a node from one start of its process to the end.
package struct NodeID: Identifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// What a node says of itself at each beat.
package struct NodeBeat: Sendable, Hashable {
    /// What a node says it does.
    package enum State: String, Sendable, CaseIterable, SQLBindable {
        case serving
        /// It ends what it has and takes nothing new.
        case draining
        /// It ended on purpose.
        case stopped
    }

    package var id: NodeID
    package var name: String
    package var version: String
    /// `host:port` at which it listens, or the path of its socket.
    package var address: String
    /// The last migration it knows.
    package var schema: Int
    package var state: State
    /// Its own clock, in microseconds since 1970.
    package var clock: Int64

    package init(
        id: NodeID, name: String, version: String, address: String, schema: Int, state: State, clock: Int64
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.address = address
        self.schema = schema
        self.state = state
        self.clock = clock
    }
}

/// A node as the others see it. For people: nothing that must be right relies on it.
package struct NodeRow: Sendable, Hashable {
    package let id: NodeID
    package let name: String
    package let version: String
    package let address: String
    package let schema: Int
    package let state: NodeBeat.State
    /// When it started, in microseconds since 1970 by the database's clock.
    package let startedAt: Int64
    /// Its last beat, by the database's clock.
    package let beatAt: Int64
    /// How far its clock was ahead of the database's at the last beat, in microseconds.
    package let clockSkew: Int64
    /// How long ago the last beat was when the row was read, in microseconds.
    package let silence: Int64

    init(_ row: SQLRow) throws {
        guard let state = NodeBeat.State(rawValue: row.text(5)) else {
            throw MetadataError.damaged("the node \(row.text(0)) is in no known state")
        }
        self.state = state
        id = NodeID(rawValue: row.text(0))
        name = row.text(1)
        version = row.text(2)
        address = row.text(3)
        schema = Int(row.integer(4))
        startedAt = row.integer(6)
        beatAt = row.integer(7)
        clockSkew = row.integer(8)
        silence = row.integer(9) - row.integer(7)
    }
}

extension MetadataTransaction {
    /// Writes that a node is there, by the database's clock.
    ///
    /// The row changes at each beat, so a database that takes this takes writes.
    package func beat(_ node: NodeBeat) throws {
        let known = try sql.run(
            """
            UPDATE nodes SET state = \(node.state), beat_at = \(dialect.now), clock_skew = \(node.clock) - \(dialect.now)
            WHERE id = \(node.id)
            """)
        if known == 1 { return }
        try sql.run(
            """
            INSERT INTO nodes (id, name, version, address, schema_number, state, started_at, beat_at, clock_skew)
            VALUES (\(node.id), \(node.name), \(node.version), \(node.address), \(node.schema), \(node.state),
                \(dialect.now), \(dialect.now), \(node.clock) - \(dialect.now))
            """)
    }

    /// All nodes that are remembered, by name, the latest start first.
    package func nodes() throws -> [NodeRow] {
        try sql.rows(
            """
            SELECT id, name, version, address, schema_number, state, started_at, beat_at, clock_skew, \(dialect.now)
            FROM nodes ORDER BY name, started_at DESC, id
            """
        ).map(NodeRow.init)
    }

    /// Forgets nodes whose last beat is more than `age` microseconds ago.
    package func forgetNodes(silentFor age: Int64) throws {
        try sql.run("DELETE FROM nodes WHERE beat_at < \(dialect.now) - \(age)")
    }
}
