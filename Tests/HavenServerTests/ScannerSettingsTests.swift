// SPDX-License-Identifier: Apache-2.0

import HavenServer
import SQLStorage
import Testing

@Suite("settings of the scanner's database")
struct ScannerSettingsTests {
    @Test("absent, there is none, also in a file of Harbor")
    func none() throws {
        #expect(try load("").scanner.database == nil)
        #expect(try load("_version = 1.5.0\nhostname = a.example.com\ndb_type = sqlite").scanner.database == nil)
    }

    @Test("are Harbor's five lines")
    func harbor() throws {
        let lines = """
            clair_db_host = 192.168.1.50
            clair_db_password = password
            clair_db_port = 5433
            clair_db_username = clair
            clair_db = vulnerabilities
            """
        let found = try #require(try load(lines).scanner.database)
        #expect(found.description == "vulnerabilities at 192.168.1.50:5433 as clair")
        #expect(found.password == "password")
    }

    @Test("alone the address is enough, and one warning says what it is good for")
    func address() throws {
        let settings = try load("clair_db_host = postgres")
        #expect(settings.scanner.database?.description == "postgres at postgres:5432 as postgres")
        #expect(settings.warnings.map(\.key) == ["clair_db_host"])
    }
}
