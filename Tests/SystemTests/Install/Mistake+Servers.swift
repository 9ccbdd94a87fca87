// SPDX-License-Identifier: Apache-2.0
import Foundation
import SQLStorage
import TestKit

extension Mistake {
    /// Mistakes about certificates, ports, folders and keys.
    static let aroundFiles = [
        Mistake("the certificate is missing", "ssl_cert", "put the file there, or name another", absentCertificate),
        Mistake("the key is missing", "ssl_cert_key", "put the file there, or name another") { world in
            secure(try await TestCertificates(in: world.folder).certificate, world.folder + "/absent.key")
        },
        Mistake("the key is another's", "ssl_cert_key", "name files of one pair", otherPair),
        Mistake("the certificate is no certificate", "ssl_cert", "holds no certificate in PEM form") { world in
            let pair = try await TestCertificates(in: world.folder)
            return secure(pair.key, pair.key)
        },
        Mistake("the certificate is for other names", "hostname", "clients use registry.test") { world in
            let pair = try await TestCertificates(in: world.folder)
            return secure(pair.certificate, pair.key).merging(["hostname": "registry.test"]) { $1 }
        },
        Mistake("the certificate has run out", "ssl_cert", "get another") { world in
            let pair = try await TestCertificates(in: world.folder)
            try await pair.issue(days: -1)
            return secure(pair.certificate, pair.key)
        },
        Mistake("a port is taken", "http_port", "give another port", takenPort),
        Mistake("the data folder is a file", "data_volume", "name another place") { world in
            ["data_volume": try world.write("file", "x"), "secretkey_path": world.folder]
        },
        Mistake("nothing can be kept in the data folder", "data_volume", "name another place") { world in
            ["data_volume": "/proc/haven", "secretkey_path": world.folder]
        },
        Mistake("nothing can be kept in the store", "registry_storage_provider_config", "make it writable") { _ in
            ["registry_storage_provider_config": "rootdirectory: /proc/haven"]
        },
        Mistake("the secret key is too short", "secretkey_path", "copy the file of a running node", shortKey),
        Mistake("the secret key is not that of the nodes", "secretkey_path", "copy the file secretkey", otherKey),
        Mistake("the nodes have a secret key, and this host none", "secretkey_path", "copy the file secretkey") {
            try await $0.haven("db", "prepare")
            return [:]
        },
    ]

    /// Mistakes about what the database holds, of any kind.
    static let inDatabase = [
        Mistake("the database is another program's", "db_name", "give Haven a database of its own", foreignTables),
        Mistake("the database is of an older version", "schema", "run haven db migrate", olderSchema),
        Mistake("the database is of a newer version", "db_name", "use that version here too", newerSchema),
        Mistake("a newer version runs already", "version", "use the installer of the newer version") { world in
            try await world.haven("db", "migrate")
            // An hour ahead, so that it does not fall silent while a busy machine looks.
            let seen = Int64((Date().timeIntervalSince1970 + 3_600) * 1_000_000)
            try await world.sql(
                "INSERT INTO nodes SELECT 'n', 'node9', '99.0.0', 'h:1', 9, 'serving', \(seen), \(seen), 0")
            return [:]
        },
    ]

    /// Mistakes of one kind of database alone.
    static let inPostgreSQL = [
        Mistake("the database is read-only", "db_host", "set default_transaction_read_only = off") { world in
            try await world.sql("ALTER DATABASE \(world.database.database) SET default_transaction_read_only = on")
            return [:]
        },
        Mistake("the clocks differ", "clock", "set the clocks by NTP") { world in
            try await world.sql(
                "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                    + "$$SELECT pg_catalog.clock_timestamp() + interval '1 hour'$$")
            try await world.sql("ALTER DATABASE \(world.database.database) SET search_path = public, pg_catalog")
            return [:]
        },
        Mistake("the server is a PostgreSQL", "db_type", "is another kind of server") { _ in ["db_type": "mariadb"] },
    ]

    static let inMariaDB = [
        Mistake("db_password", "not-this-one", tells: "look at db_host, db_user and db_password"),
        Mistake("db_name", "tabsent", tells: "absent"),
        Mistake("the server is a MariaDB", "db_type", "is another kind of server") { _ in ["db_type": "postgresql"] },
    ]

    /// What a server refuses at its start, in words of its own.
    static let atStart = [
        Mistake("the certificate is missing", "ssl_cert: ", "no certificate can be read", absentCertificate),
        Mistake("the key is another's", "ssl_cert_key: ", "name files of one pair", otherPair),
        Mistake("a port is taken", "http_port", "give another") { world in
            try await world.haven("db", "prepare")
            return takenPort(world).merging(["secretkey_path": world.folder + "/prepared"]) { $1 }
        },
        Mistake("the secret key is too short", "secretkey_path", "less than 16 bytes", shortKey),
        Mistake("the secret key is not that of the nodes", "secretkey_path", "put the file secretkey", otherKey),
        Mistake("the database is another program's", "db_name", "give Haven a database of its own", foreignTables),
        Mistake("the database is of an older version", "haven db migrate", "run this first", olderSchema),
        Mistake("the database is of a newer version", "newer version", "use that version here too", newerSchema),
        Mistake("db_password", "not-this-one", tells: "look at db_host, db_user and db_password"),
        Mistake("db_port", "1", tells: "look at db_host, db_user and db_password", about: "db_host"),
    ]

    /// Mistakes about a Swift store and an S3 gateway.
    static let atStores = [
        Mistake("the container's password is wrong", key, "look at the account and its key") { _ in
            try await swift(password: "wrong")
        },
        Mistake("the container is missing, and is not the account's to make", key, "what it may write") { _ in
            try await swift(user: SwiftStore.reader, container: "absent")
        },
        Mistake("the account may only read", key, "what it may write") { _ in
            try await swift(user: SwiftStore.reader)
        },
        Mistake("the bucket is missing", key, "make the bucket, or name another") { _ in
            try await bucket("absent", secret: Radosgw.shared().secretKey)
        },
        Mistake("the bucket's key is wrong", key, "look at the account") { _ in
            try await bucket("haven", secret: "wrong-secret")
        },
    ]

    private static let key = "registry_storage_provider_config"

    private static func absentCertificate(_ world: World) async throws -> [String: String] {
        secure(world.folder + "/absent.crt", try await TestCertificates(in: world.folder).key)
    }

    private static func otherPair(_ world: World) async throws -> [String: String] {
        let pair = try await TestCertificates(in: world.folder)
        let other = world.folder + "/other"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        return secure(pair.certificate, try await TestCertificates(in: other).key)
    }

    private static func takenPort(_ world: World) -> [String: String] { ["http_port": "\(world.server.port)"] }

    private static func shortKey(_ world: World) throws -> [String: String] {
        _ = try world.write("secretkey", "short")
        return ["secretkey_path": world.folder]
    }

    private static func otherKey(_ world: World) async throws -> [String: String] {
        try await world.haven("db", "prepare")
        _ = try world.write("other/secretkey", "another secret of enough bytes")
        return ["secretkey_path": world.folder + "/other"]
    }

    private static func foreignTables(_ world: World) async throws -> [String: String] {
        try await world.sql("CREATE TABLE blog (id integer)")
        return [:]
    }

    private static func olderSchema(_ world: World) async throws -> [String: String] {
        try await world.haven("db", "migrate", "--to", "1")
        return [:]
    }

    private static func newerSchema(_ world: World) async throws -> [String: String] {
        try await world.haven("db", "migrate")
        try await world.sql(
            "INSERT INTO schema_migrations (number, title, checksum, applied_at) VALUES (999, 'of later', 'x', 1)")
        return [:]
    }

    private static func secure(_ certificate: String, _ key: String) -> [String: String] {
        ["https_port": "18443", "ssl_cert": certificate, "ssl_cert_key": key]
    }

    private static func swift(
        user: String = SwiftStore.user, password: String = SwiftStore.key, container: String = SwiftStore.container
    ) async throws -> [String: String] {
        let host = try await SwiftStore.tempauth().host
        return [
            "registry_storage_provider_name": "swift",
            "registry_storage_provider_config": "username: \(user), password: \(password), "
                + "authurl: http://\(host)/auth/v1.0, container: \(container)",
        ]
    }

    private static func bucket(_ name: String, secret: String) async throws -> [String: String] {
        let gateway = try await Radosgw.shared()
        return [
            "registry_storage_provider_name": "s3",
            "registry_storage_provider_config": "accesskey: \(gateway.accessKey), secretkey: \(secret), "
                + "region: us-east-1, regionendpoint: \(gateway.url), bucket: \(name)",
        ]
    }
}
