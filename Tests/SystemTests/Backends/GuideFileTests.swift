// SPDX-License-Identifier: Apache-2.0
import Foundation
import SQLStorage
import TestKit
import Testing

/// The file of Harbor's guide to high availability with all its servers: the lines that it prints, and only the addresses
/// and ports are those of this machine.
@Suite("the settings of Harbor's guide", .client("skopeo"))
struct GuideFileTests {
    @Test(
        "MariaDB, Redis, the scanner's PostgreSQL and Swift in one file carry a push and a pull by skopeo",
        .timeLimit(.minutes(10)))
    func allServers() async throws {
        let cloud = try await SwiftStore.withKeystone()
        let identity = try #require(cloud.keystone)
        let scanner = try await PostgreSQLServer.shared
        try await scanner.sql("ALTER ROLE postgres PASSWORD 'password'")
        try await withRedis { redis in
            try await withGuideDatabase { database in
                let file = Self.file(
                    database: database.port, redis: redis.port, scanner: scanner.port, identity: identity.port)
                try await withTemporaryFolder { shared in
                    let settings = ["secretkey_path": "\(shared)/secret", "listen": "127.0.0.1"]
                    try await withHaven(file: file, settings: settings) { haven in
                        try await copy(haven)
                        try await expectUse(of: database, haven)
                        try await expectFindings(haven, database: database.port, redis: redis.port, scanner.port)
                    }
                }
            }
        }
    }

    /// What somebody writes who follows the guide's steps 4 to 8 in a file of Harbor 1.5.
    private static func file(database: Int, redis: Int, scanner: Int, identity: Int) -> String {
        """
        ## A file of Harbor, as step 4 finds it
        _version = 1.5.0
        hostname = 127.0.0.1
        ui_url_protocol = http
        max_job_workers = 50
        customize_crt = on
        admiral_url = NA
        log_rotate_count = 50
        log_rotate_size = 200M
        http_proxy =
        no_proxy = 127.0.0.1,localhost,ui
        auth_mode = db_auth
        self_registration = on
        token_expiration = 30
        project_creation_restriction = everyone

        # step 5: the database of the registry
        db_host = 127.0.0.1\u{20}
        #The password for the root user
        db_password = root123
        db_port = \(database)
        db_user = root

        # step 6: Redis
        redis_url = 127.0.0.1:\(redis)

        # step 7: the database of the scanner
        clair_db_host = 127.0.0.1
        clair_db_password = password
        clair_db_port = \(scanner)
        clair_db_username = postgres
        clair_db = postgres

        # step 8: the storage
        registry_storage_provider_name = swift
        registry_storage_provider_config = username: yourusername,password: yourpass,authurl: \
        http://127.0.0.1:\(identity)/identity/v3,tenant: admin,domain: default,region: RegionOne,container: docker_images

        """
    }

    /// The guide's MariaDB: the account `root` with its password, and a database `registry` with the printed schema.
    private func withGuideDatabase(_ body: (MariaDBServer) async throws -> Void) async throws {
        let server = try await MariaDBServer.shared
        try await server.sql(
            """
            CREATE DATABASE registry; CREATE USER root@'127.0.0.1' IDENTIFIED BY 'root123';
            GRANT ALL ON registry.* TO root@'127.0.0.1'
            """)
        var place = server.database(named: "registry")
        (place.user, place.password) = ("root", "root123")
        try await withTemporaryFolder { folder in
            let schema = try await Tool(HavenProcess.executable).check("db", "schema", "--dialect", "mariadb")
            try schema.write(toFile: "\(folder)/registry.sql", atomically: true, encoding: .utf8)
            try await server.load("\(folder)/registry.sql", into: place)
        }
        do {
            try await body(server)
        } catch {
            _ = try? await server.sql("DROP DATABASE registry; DROP USER root@'127.0.0.1'")
            throw error
        }
        try await server.sql("DROP DATABASE registry; DROP USER root@'127.0.0.1'")
    }

    private func copy(_ haven: HavenProcess) async throws {
        let image = TestImage.make(layers: [.random(18 << 20), .random(5_000)])
        try await withTemporaryFolder { folder in
            let layout = try ImageLayout("\(folder)/layout")
            try layout.add(image, tag: "v1")
            let way = ImageWay(layout, host: haven.host, password: haven.adminPassword)
            try await way.copyThereAndBack(image, "v1")
        }
    }

    /// Everything went where the file says, and nothing is kept beside the program.
    private func expectUse(of database: MariaDBServer, _ haven: HavenProcess) async throws {
        #expect(try await database.sql("SELECT COUNT(*) FROM registry.manifests") == "1\n")
        #expect(try await haven.metric("haven_cache_redis_connected") == 1)
        let kept = try FileManager.default.contentsOfDirectory(atPath: haven.dataVolume)
        #expect(!kept.contains("registry") && !kept.contains("haven.db"), "\(kept)")
        #expect(haven.log.contains("clair_db_host"))
        for secret in ["root123", "yourpass,"] { #expect(!haven.log.contains(secret)) }
    }

    private func expectFindings(
        _ haven: HavenProcess, database: Int, redis: Int, _ scanner: Int
    ) async throws {
        let tool = Tool(HavenProcess.executable, workingFolder: haven.folder)
        let found = try await tool.run(["doctor", "--config", "haven.cfg"]).output
        for finding in [
            "registry at 127.0.0.1:\(database) as root answers", "127.0.0.1:\(redis) lets us in and answers",
            "postgres at 127.0.0.1:\(scanner) as postgres lets us in and answers",
            "took a small object, gave it back and deleted it",
        ] { #expect(found.contains(finding), "\(finding):\n\(found)") }
        try await tool.check("config", "check", "--config", "haven.cfg")
    }
}
