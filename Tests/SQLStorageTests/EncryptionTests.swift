// SPDX-License-Identifier: Apache-2.0

import SQLStorage
import TestKit
import Testing

@Suite("Encrypted connections to database servers")
struct EncryptionTests {
    @Test("PostgreSQL: verify-full believes the authority it is given, and no other")
    func postgreSQL() async throws {
        try await withTemporaryFolder { folder in
            let (ours, other) = try await authorities(in: folder)
            let server = try await PostgreSQLServer.start(
                in: folder,
                settings: [
                    "ssl": "on", "ssl_cert_file": "'\(ours.certificate)'", "ssl_key_file": "'\(ours.key)'",
                ])
            let place = try await server.makeDatabase()
            let question: SQLStatement = "SELECT COUNT(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl"
            try await check(place, ours, other, question) { PostgreSQLDatabase($0) }
            try await server.process.kill()
        }
    }

    @Test("MariaDB: verify-full believes the authority it is given, and no other")
    func mariaDB() async throws {
        try await withTemporaryFolder { folder in
            let (ours, other) = try await authorities(in: folder)
            let server = try await MariaDBServer.start(
                in: folder, settings: ["ssl_cert": ours.certificate, "ssl_key": ours.key, "ssl_ca": ours.authority])
            let place = try await server.makeDatabase()
            let question: SQLStatement =
                """
                SELECT COUNT(*) FROM information_schema.session_status
                WHERE variable_name = 'SSL_CIPHER' AND variable_value <> ''
                """
            try await check(place, ours, other, question) { MariaDBDatabase($0) }
            try await server.process.kill()
        }
    }

    /// Certificates of the server, and of somebody else, in folders of their own.
    private func authorities(in folder: String) async throws -> (ours: TestCertificates, other: TestCertificates) {
        var made: [TestCertificates] = []
        for name in ["ours", "other"] {
            try await Tool("mkdir").check("\(folder)/\(name)")
            made.append(try await TestCertificates(in: "\(folder)/\(name)"))
        }
        return (made[0], made[1])
    }

    private func check(
        _ place: DatabaseServer, _ ours: TestCertificates, _ other: TestCertificates, _ question: SQLStatement,
        _ open: (DatabaseServer) -> any SQLDatabase
    ) async throws {
        for (encryption, authority, isEncrypted) in [
            (DatabaseServer.Encryption.verifyFull, ours.authority, true), (.require, ours.authority, true),
            (.disable, ours.authority, false),
        ] {
            let database = open(place.with(encryption, authority))
            let count = try await database.read(.pull) { try $0.rows(question)[0].integer(0) }
            #expect(count == (isEncrypted ? 1 : 0), "\(encryption)")
            await database.close()
        }
        let deceived = open(place.with(.verifyFull, other.authority))
        await SQLDatabaseContract.expectError("unreachable") {
            try await deceived.read(.pull) { try $0.rows(question) }
        }
        await deceived.close()
    }
}

extension DatabaseServer {
    fileprivate func with(_ encryption: Encryption, _ authorities: String) -> DatabaseServer {
        var copy = self
        copy.encryption = encryption
        copy.authorities = authorities
        return copy
    }
}
