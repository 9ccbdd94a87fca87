// SPDX-License-Identifier: Apache-2.0

import Foundation
import SQLStorage
import TestKit
import Testing

/// What a client sees of servers whose metadata is in a database server.
@Suite("haven serve on a database server")
struct SharedDatabaseTests {
    private static let kinds = [TestDatabase.postgresql, .mariadb]

    /// The lines of `haven.cfg` for a database. The store and the secret key are shared, as nodes share them.
    static func settings(_ kind: TestDatabase, _ place: DatabaseServer, in folder: String) -> [String: String] {
        settings(kind, place).merging([
            "secretkey_path": "\(folder)/secret", "registry_storage_provider_config": "rootdirectory: \(folder)/store",
        ]) { $1 }
    }

    /// The lines that name a database alone.
    static func settings(_ kind: TestDatabase, _ place: DatabaseServer) -> [String: String] {
        [
            "db_type": kind == .postgresql ? "postgresql" : "mariadb",
            "db_host": place.hosts.map(\.description).joined(separator: ","), "db_user": place.user,
            "db_password": place.password ?? "", "db_name": place.database,
        ]
    }

    @Test("pushes and pulls, and keeps what it acknowledged over a crash", arguments: kinds)
    func pushAndPull(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            try await withTemporaryFolder { folder in
                try await withHaven(settings: Self.settings(kind, place, in: folder)) { haven in
                    let image = TestImage.make()
                    try await haven.client.push(image, to: "library/app", at: "1")
                    try await haven.kill()
                    try await haven.start()
                    try await Self.pull(image, from: haven)
                    let health = try await haven.client.send("GET", "/api/v2.0/health", as: .none)
                    #expect(health.status == 200)
                    #expect(!FileManager.default.fileExists(atPath: "\(haven.dataVolume)/haven.db"))
                }
            }
        }
    }

    @Test("runs on Harbor's own settings file")
    func harborFile() async throws {
        try await TestDatabase.mariadb.withServer { place in
            try await withTemporaryFolder { folder in
                let settings = [
                    "_version": "1.5.0", "hostname": "127.0.0.1", "ui_url_protocol": "http", "listen": "127.0.0.1",
                    "db_host": "127.0.0.1", "db_port": "\(place.hosts[0].port)", "db_user": place.user,
                    "db_password": place.password ?? "", "db_name": place.database,
                    "secretkey_path": "\(folder)/secret", "clair_db_host": "postgres", "redis_url": "",
                ]
                try await withHaven(settings: settings) { haven in
                    let image = TestImage.make()
                    try await haven.client.push(image, to: "library/app", at: "1")
                    try await Self.pull(image, from: haven)
                }
            }
        }
    }

    @Test("two servers share a database: what one acknowledged the other serves at once", arguments: kinds)
    func twoServers(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            try await withTemporaryFolder { folder in
                var settings = Self.settings(kind, place, in: folder)
                settings["harbor_admin_password"] = "Same-password-1"
                let shared = settings
                // Both find an empty database: one migrates it and makes the first rows.
                async let starting = [
                    HavenProcess(folder: "\(folder)/a", settings: shared),
                    HavenProcess(folder: "\(folder)/b", settings: shared),
                ]
                let servers = try await starting
                for round in 1...10 {
                    let (one, other) = round % 2 == 0 ? (servers[0], servers[1]) : (servers[1], servers[0])
                    let image = TestImage.make()
                    try await one.client.push(image, to: "library/app", at: "latest")
                    try await Self.pull(image, from: other, at: "latest")
                }
                for server in servers { try await server.stop() }
            }
        }
    }

    @Test(
        "a cut connection during a commit costs no push: the client hears 201, and the image is there", arguments: kinds
    )
    func cutCommits(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            let proxy = try FaultProxy(to: place.hosts[0].port)
            try await withTemporaryFolder { folder in
                var settings = Self.settings(kind, place.through(proxy), in: folder)
                settings["db_sslmode"] = "disable"
                settings["gc_interval"] = "1h"
                try await withHaven(settings: settings) { haven in
                    for round in 0..<6 {
                        let image = TestImage.make()
                        for blob in image.blobs { try await haven.client.push(blob, to: "library/app") }
                        proxy.arm(.commit(kind, round % 2 == 0 ? .cutAfter : .cutBefore))
                        let answer = try await haven.client.put(
                            image.manifest, image.mediaType, to: "library/app", at: "r\(round)")
                        #expect(answer.status == 201, "\(answer)")
                        try await Self.pull(image, from: haven, at: "r\(round)")
                    }
                    #expect(proxy.sprung >= 6)
                    try await haven.command("doctor", "--verify")
                }
            }
            proxy.close()
        }
    }

    @Test(
        "a database that is away is answered with 503 and Retry-After, and serving goes on when it is back",
        arguments: kinds)
    func away(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            let proxy = try FaultProxy(to: place.hosts[0].port)
            try await withTemporaryFolder { folder in
                let settings = Self.settings(kind, place.through(proxy), in: folder)
                try await withHaven(settings: settings.merging(["outage_patience": "2s"]) { $1 }) { haven in
                    let image = TestImage.make()
                    try await haven.client.push(image, to: "library/app", at: "1")
                    proxy.set(.refuse)
                    proxy.cut()
                    let answer = try await haven.client.send("POST", "/v2/library/app/blobs/uploads/", as: .basic)
                    #expect(answer.status == 503)
                    #expect(answer["retry-after"] != nil)
                    #expect(try await haven.client.send("GET", "/healthz", as: .none).status == 200)
                    proxy.set(.pass)
                    // Nothing is asked of it until a heartbeat has written again.
                    let isBack = try await eventually {
                        try await haven.client.send("POST", "/v2/library/app/blobs/uploads/").status == 202
                    }
                    #expect(isBack)
                    try await Self.pull(image, from: haven)
                }
            }
            proxy.close()
        }
    }

    @Test(
        "F8: a database whose disk is full takes no pushes and says so; pulls go on, and all is well when there is room",
        .enabled(if: SmallDisk.isPossible))
    func diskFull() async throws {
        try await withSmallDisk(bytes: 48 << 20) { disk in
            try await withTemporaryFolder { folder in
                let server = try await PostgreSQLServer.start(in: folder)
                let place = try await server.makeDatabase(on: disk.path)
                try await withTemporaryFolder { folder in
                    try await withHaven(settings: Self.settings(.postgresql, place, in: folder)) { haven in
                        let image = TestImage.make()
                        try await haven.client.push(image, to: "library/app", at: "1")
                        try disk.fill(leaving: 0)
                        let isRefused = try await eventually {
                            let answer = try await haven.client.putEmptyIndex(in: "library/app", as: .basic)
                            return answer.status == 507 && answer["retry-after"] != nil
                        }
                        #expect(isRefused)
                        let health = try await haven.client.send("GET", "/api/v2.0/health", as: .none)
                        #expect(health.status == 503 && health.text.contains("takes no writes"), "\(health)")
                        try await Self.pull(image, from: haven)
                        disk.empty()
                        let back = try await haven.client.putEmptyIndex(in: "library/app", as: .basic)
                        #expect(back.status == 201, "\(back)")
                        let isWell = try await eventually {
                            try await haven.client.send("GET", "/api/v2.0/health", as: .none).status == 200
                        }
                        #expect(isWell)
                    }
                }
                try await server.process.kill()
            }
        }
    }

    @Test(
        "a newer and a foreign database are refused with what to do; haven db migrate prepares one", arguments: kinds)
    func schemas(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            try await withTemporaryFolder { folder in
                let lines = Self.settings(kind, place, in: folder).merging(["data_volume": "\(folder)/data"]) { $1 }
                let text = lines.map { "\($0.key) = \($0.value)\n" }.joined()
                try text.write(toFile: "\(folder)/haven.cfg", atomically: true, encoding: .utf8)
                let haven = Tool(HavenProcess.executable, workingFolder: folder)
                let database = try kind.open(place)
                try await database.write(.administration, .full) { tx in
                    try tx.run("CREATE TABLE strange (n \(tx.dialect.integerType) NOT NULL PRIMARY KEY)")
                }
                let foreign = try await haven.run(["user", "list", "--config", "haven.cfg"])
                #expect(foreign.status == 1)
                #expect(foreign.errors.contains("tables of another program (strange)"), "\(foreign)")
                try await database.write(.administration, .full) { _ = try $0.run("DROP TABLE strange") }

                let applied = try await haven.check("db", "migrate", "--config", "haven.cfg")
                #expect(applied.contains("applied 1: first schema"))
                #expect(try await haven.check("db", "migrate", "--config", "haven.cfg").contains("already"))
                #expect(try await haven.check("db", "status", "--config", "haven.cfg").contains("first schema"))
                try await haven.check("user", "list", "--config", "haven.cfg")

                try await database.write(.administration, .full) { tx in
                    let (number, title, sum) = (999, "of tomorrow", "0")
                    try tx.run(
                        """
                        INSERT INTO schema_migrations (number, title, checksum, applied_at)
                        VALUES (\(number), \(title), \(sum), 1)
                        """)
                }
                let newer = try await haven.run(["user", "list", "--config", "haven.cfg"])
                #expect(newer.status == 1)
                #expect(newer.errors.contains("migrated by a newer version"), "\(newer)")
                await database.close()
            }
        }
    }

    @Test("a schema loaded by the database's own client is served", arguments: kinds)
    func loadedSchema(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            try await withTemporaryFolder { folder in
                let dialect = kind == .postgresql ? "postgresql" : "mariadb"
                let schema = try await Tool(HavenProcess.executable).check("db", "schema", "--dialect", dialect)
                let file = "\(folder)/registry.sql"
                try schema.write(toFile: file, atomically: true, encoding: .utf8)
                if kind == .postgresql {
                    try await PostgreSQLServer.shared.load(file, into: place)
                } else {
                    try await MariaDBServer.shared.load(file, into: place)
                }
                try await withHaven(settings: Self.settings(kind, place, in: folder)) { haven in
                    let image = TestImage.make()
                    try await haven.client.push(image, to: "library/app", at: "1")
                    try await Self.pull(image, from: haven)
                }
            }
        }
    }

    @Test("haven doctor looks at the database server and tells what it does not promise", arguments: kinds)
    func doctor(_ kind: TestDatabase) async throws {
        try await kind.withServer { place in
            try await withTemporaryFolder { folder in
                try await withHaven(settings: Self.settings(kind, place, in: folder)) { haven in
                    let result = try await Tool(HavenProcess.executable, workingFolder: haven.folder)
                        .run(["doctor", "--config", "haven.cfg"])
                    // The servers of tests do not flush, for speed.
                    let setting = kind == .postgresql ? "fsync is off" : "innodb_flush_log_at_trx_commit is not 1"
                    #expect(result.output.contains(setting), "\(result)")
                    #expect(!result.output.contains(place.password ?? "?"))
                    #expect(result.status == 1)
                    #expect(haven.log.contains(setting))
                }
            }
        }
    }

    private static func pull(_ image: TestImage, from haven: HavenProcess, at reference: String = "1") async throws {
        let manifest = try await haven.client.send(
            "GET", "/v2/library/app/manifests/\(reference)", ["Accept": image.mediaType])
        #expect(manifest.status == 200, "\(manifest)")
        #expect(manifest.body == image.manifest.bytes)
        for blob in image.blobs {
            let answer = try await haven.client.send("GET", "/v2/library/app/blobs/\(blob.digest)")
            #expect(answer.status == 200)
            #expect(answer.body == blob.bytes)
        }
    }
}
