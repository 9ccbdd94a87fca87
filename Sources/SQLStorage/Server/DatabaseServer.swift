// SPDX-License-Identifier: Apache-2.0

/// Where a database is served, and how to come in.
package struct DatabaseServer: Sendable {
    /// One machine, or one node of a cluster.
    package struct Host: Sendable, Hashable, CustomStringConvertible {
        package var name: String
        package var port: Int

        package init(_ name: String, port: Int) {
            self.name = name
            self.port = port
        }

        package var description: String { name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)" }
    }

    /// How a connection is protected.
    package enum Encryption: String, Sendable, CaseIterable {
        /// Not at all.
        case disable
        /// Encrypted when PostgreSQL offers it; MariaDB's client library knows no such mode and does as for ``disable``.
        case prefer
        /// Encrypted; whoever answers is believed.
        case require
        /// Encrypted, and the server's certificate must be signed by a known authority and name the host.
        case verifyFull = "verify-full"
    }

    /// Hosts of one database, the preferred first. PostgreSQL: the one that takes writes is used. MariaDB: the first ready.
    package var hosts: [Host]
    package var user: String
    /// nil sends none.
    package var password: String?
    /// The name of the database.
    package var database: String
    package var encryption: Encryption
    /// The file with the authorities that ``Encryption/verifyFull`` believes; nil: those of the machine.
    package var authorities: String?

    package init(
        hosts: [Host], user: String, password: String?, database: String, encryption: Encryption = .prefer,
        authorities: String? = nil
    ) {
        self.hosts = hosts
        self.user = user
        self.password = password
        self.database = database
        self.encryption = encryption
        self.authorities = authorities
    }
}

extension DatabaseServer: CustomStringConvertible {
    /// Without the password.
    package var description: String {
        "\(database) at \(hosts.map(\.description).joined(separator: ", ")) as \(user)"
    }
}

/// The limits of a node's connections to a database server.
package struct DatabaseServerOptions: Sendable {
    /// How many connections each lane may open; each has a thread.
    package var connections: [SQLLane: Int] = [.pull: 8, .push: 8, .administration: 2, .jobs: 4]
    /// How long one host may take to let a connection in.
    package var connectTimeout: Duration = .seconds(3)
    /// How long a transaction may wait for a connection before it is a ``SQLError/timeout(_:)``.
    package var deadline: Duration = .seconds(10)
    /// How long a transaction of each lane may take. The server ends its statements then, and a moment later the
    /// connection is cut here.
    package var transactionLimits: [SQLLane: Duration] = [
        .pull: .seconds(10), .push: .seconds(30), .administration: .seconds(600), .jobs: .seconds(600),
    ]
    /// How long a statement may wait for another transaction's lock before it is a ``SQLError/conflict(_:)``.
    package var lockTimeout: Duration = .seconds(10)
    /// How many transactions may wait in one lane before ``SQLError/overloaded(_:)``.
    package var waitingLimit = 4096
    /// After how long without work a connection is given back.
    package var idleLimit: Duration = .seconds(300)
    /// How many prepared statements a connection keeps.
    package var statementLimit = 128

    package init() {}

    func connections(of lane: SQLLane) -> Int { max(connections[lane] ?? 1, 1) }
    func transactionLimit(of lane: SQLLane) -> Duration { transactionLimits[lane] ?? .seconds(30) }
}

extension Duration {
    /// Whole milliseconds, at least 1.
    var wholeMilliseconds: Int64 {
        max(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000, 1)
    }

    /// Whole seconds, rounded up, at least 1.
    var wholeSeconds: Int64 {
        max(components.seconds + (components.attoseconds > 0 ? 1 : 0), 1)
    }
}
