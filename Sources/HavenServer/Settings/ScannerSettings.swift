// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// The scanner's own PostgreSQL, which Harbor's Clair has beside the database of the registry.
package struct ScannerSettings: Sendable {
    /// Where it is and how to get in; nil when none is named.
    package let database: DatabaseServer?

    init(_ reader: inout SettingReader) {
        let address = reader.read(
            Setting(
                "clair_db_host", .optional(.databaseAddress), default: nil, origin: .harbor,
                "The address of the PostgreSQL of the vulnerability scanner. There is no scanner yet: `haven doctor` "
                    + "tries this database, and nothing else uses it."))
        let port = reader.read(
            Setting(
                "clair_db_port", .integer(1...65_535), default: 5_432, origin: .harbor,
                "The port of the scanner's PostgreSQL."))
        let user = reader.read(
            Setting(
                "clair_db_username", .line, default: "postgres", origin: .harbor,
                "The account at the scanner's PostgreSQL."))
        let password = reader.read(
            Setting(
                "clair_db_password", .optional(.secret), default: nil, origin: .harbor,
                "The password of the account at the scanner's PostgreSQL."))
        let name = reader.read(
            Setting(
                "clair_db", .identifier, default: "postgres", origin: .harbor,
                "The name of the database at the scanner's PostgreSQL."))
        database = address.map {
            DatabaseServer(
                hosts: [.init($0.host, port: $0.port ?? port)], user: user, password: password?.reveal(),
                database: name)
        }
        if database != nil { reader.warn("clair_db_host", "Haven has no scanner yet; only haven doctor uses it") }
    }
}
