// SPDX-License-Identifier: Apache-2.0

/// The SQL database that holds the metadata.
package struct DatabaseSettings: Sendable {
    /// The kinds of databases that Haven is made for.
    package enum Kind: String, CaseIterable, Sendable { case sqlite, postgresql, mariadb }

    package let kind: Kind

    init(_ reader: inout SettingReader) {
        kind = reader.read(
            Setting(
                "db_type", .choice, default: .sqlite, harbor: .mariadb,
                "The database for metadata. sqlite is embedded and needs no server. This version has sqlite."))
        let host = reader.read(
            Setting(
                "db_host", .optional(.host), default: nil, harbor: "mysql", origin: .harbor,
                "The address of the database server. sqlite has none."))
        _ = reader.read(
            Setting(
                "db_port", .integer(1...65_535), default: 3_306, origin: .harbor, "The port of the database server."))
        _ = reader.read(
            Setting(
                "db_user", .line, default: "root", origin: .harbor, "The account at the database server."))
        _ = reader.read(
            Setting(
                "db_password", .optional(.secret), default: nil, origin: .harbor,
                "The password of the account at the database server."))
        _ = reader.read(
            Setting("db_name", .identifier, default: "registry", "The name of the database at the server."))
        check(host: host, &reader)
    }

    private func check(host: String?, _ reader: inout SettingReader) {
        if kind != .sqlite {
            reader.fault("db_type", "\(kind.rawValue) is not built yet in this version; set db_type = sqlite")
        } else if host != nil, reader.isGiven("db_host") {
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
