// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// The SQL database that holds the metadata.
package struct DatabaseSettings: Sendable {
    /// The kinds of databases that Haven is made for.
    package enum Kind: String, CaseIterable, Sendable { case sqlite, postgresql, mariadb }

    package let kind: Kind
    /// Where the database is served; nil for SQLite.
    package let server: DatabaseServer?
    /// How many connections each lane of work may open.
    package let connections: [SQLLane: Int]

    init(_ reader: inout SettingReader) {
        kind = reader.read(
            Setting(
                "db_type", .choice, default: .sqlite, harbor: .mariadb,
                "The database for metadata. sqlite is embedded and needs no server."))
        let addresses = reader.read(
            Setting(
                "db_host", .list(of: .databaseAddress), default: [],
                harbor: [DatabaseAddress(host: "mysql", port: nil)], origin: .harbor,
                "The address of the database server, or several with commas between, each with a port of its own if it "
                    + "has one. postgresql: the one that takes writes is used. mariadb: the first that is ready."))
        let port = reader.read(
            Setting(
                "db_port", .integer(1...65_535), default: kind == .postgresql ? 5_432 : 3_306,
                shown: "3306, or 5432 for postgresql", origin: .harbor, "The port of the database server."))
        let user = reader.read(
            Setting(
                "db_user", .line, default: "haven", harbor: "root", origin: .harbor,
                "The account at the database server."))
        let password = reader.read(
            Setting(
                "db_password", .optional(.secret), default: nil, origin: .harbor,
                "The password of the account at the database server."))
        let name = reader.read(
            Setting("db_name", .identifier, default: "registry", "The name of the database at the server."))
        let encryption = reader.read(
            Setting(
                "db_sslmode", SettingForm<DatabaseServer.Encryption>.choice, default: .prefer,
                "Whether connections to the database server are encrypted. prefer: when postgresql offers it, never with "
                    + "mariadb. require: always. verify-full: always, and the server's certificate is checked."))
        let authorities = reader.read(
            Setting(
                "db_sslrootcert", .optional(.path), default: nil, shown: "the authorities of the machine",
                "The file with the authorities that db_sslmode = verify-full believes."))
        connections = Self.connections(&reader)
        let hosts = addresses.map { DatabaseServer.Host($0.host, port: $0.port ?? port) }
        server =
            kind == .sqlite
            ? nil
            : DatabaseServer(
                hosts: hosts, user: user, password: password?.reveal(), database: name, encryption: encryption,
                authorities: authorities)
        check(hosts, &reader)
    }

    private static func connections(_ reader: inout SettingReader) -> [SQLLane: Int] {
        var connections: [SQLLane: Int] = [:]
        for (lane, key, count, meaning) in [
            (SQLLane.pull, "db_connections_pull", 8, "that answer pulls"),
            (.push, "db_connections_push", 8, "that pushes write with"),
            (.administration, "db_connections_admin", 2, "for administration"),
            (.jobs, "db_connections_jobs", 4, "for background work"),
        ] {
            connections[lane] = reader.read(
                Setting(
                    key, .integer(1...500), default: count,
                    "How many connections to the database server a node opens at most \(meaning)."))
        }
        return connections
    }

    private func check(_ hosts: [DatabaseServer.Host], _ reader: inout SettingReader) {
        if kind != .sqlite {
            if hosts.isEmpty { reader.fault("db_host", "db_type = \(kind.rawValue) needs the address of its server") }
        } else if reader.isGiven("db_host"), !hosts.isEmpty {
            if reader.isGiven("db_type") {
                reader.warn("db_host", "sqlite is embedded; the database server is not used")
            } else {
                reader.fault(
                    "db_host",
                    "db_type is missing; add db_type = mariadb or db_type = postgresql, or "
                        + "remove db_host")
            }
        }
    }
}

/// A host of the database server, with a port when it is not that of `db_port`.
package struct DatabaseAddress: Sendable, Hashable {
    package let host: String
    package let port: Int?
}

extension SettingForm where Value == DatabaseAddress {
    /// `db1`, `db1:3307`, `10.0.0.5`, `fd00::5` or `[fd00::5]:3307`.
    package static var databaseAddress: SettingForm {
        SettingForm("a host name or an IP address, with :port behind it if need be") { text in
            if let host = SettingForm<String>.host.parse(text) { return DatabaseAddress(host: host, port: nil) }
            guard let colon = text.lastIndex(of: ":"),
                let port = SettingForm<Int>.integer(1...65_535).parse(String(text[text.index(after: colon)...]))
            else { return nil }
            var name = text[..<colon]
            if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
            return SettingForm<String>.host.parse(String(name)).map { DatabaseAddress(host: $0, port: port) }
        } text: { address in
            guard let port = address.port else { return address.host }
            return address.host.contains(":") ? "[\(address.host)]:\(port)" : "\(address.host):\(port)"
        }
    }
}
