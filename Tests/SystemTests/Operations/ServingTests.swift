// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import TestKit
import Testing

/// What operators and their other programs see of a running server.
@Suite("a running server")
struct ServingTests {
    @Test("tells health, version and metrics, each where it belongs")
    func probes() async throws {
        let metrics = try freePort()
        try await withHaven(settings: ["metrics_port": "\(metrics)"]) { haven in
            #expect(try await haven.client.send("GET", "/healthz", as: .none).status == 200)
            #expect(try await haven.client.send("GET", "/api/v2.0/ping", as: .none).text == "Pong")
            let health = try await haven.client.send("GET", "/api/v2.0/health", as: .none)
            #expect(health.json?["status"] as? String == "healthy", "\(health)")
            let components = health.json?["components"] as? [[String: Any]] ?? []
            let names = Set(components.compactMap { $0["name"] as? String })
            #expect(names == ["core", "database", "registry"])
            #expect(try await haven.client.send("GET", "/metrics", as: .none).status == 404)
            let page = try await RegistryClient("http://127.0.0.1:\(metrics)").send("GET", "/metrics", as: .none)
            #expect(page.status == 200 && page.text.contains("haven_http_requests_total"), "\(page)")
            let foreign = try await RegistryClient("http://127.0.0.1:\(metrics)").send("GET", "/v2/", as: .none)
            #expect(foreign.status == 404)
        }
    }

    @Test("says in its health that room is short before it refuses pushes", .enabled(if: SmallDisk.isPossible))
    func shortRoom() async throws {
        try await withSmallDisk(bytes: 40_000_000) { disk in
            try await withHaven(settings: ["data_volume": disk.path, "disk_reserve": "5M"]) { haven in
                try disk.fill(leaving: 8_000_000)
                let hasWarned = try await eventually(within: .seconds(20)) {
                    try await haven.client.send("GET", "/api/v2.0/health", as: .none).text.contains("nearly full")
                }
                #expect(hasWarned)
                try await haven.client.push(.random(1_000), to: "library/app")
                disk.empty()
            }
        }
    }

    @Test("drains: 404 for balancers at once, running transfers to their end, then status 0")
    func drain() async throws {
        try await withHaven(settings: ["drain_delay": "2s"]) { haven in
            let blob = TestBlob.random(6_000_000)
            try await haven.client.push(blob, to: "library/app")
            let (file, client) = ("\(haven.folder)/pulled", haven.client)
            let arguments = [
                "-fs", "--limit-rate", "1500k", "-u", "admin:\(haven.adminPassword)", "-o", file,
                "\(haven.url)/v2/library/app/blobs/\(blob.digest)",
            ]
            async let pulled = Tool("curl").run(arguments)
            let hasBegun = try await eventually { (size(file) ?? 0) > 0 }
            #expect(hasBegun)
            haven.signal(SIGTERM)
            let isDraining = try await eventually(within: .seconds(10)) {
                (try? await client.send("GET", "/healthz", as: .none).status) == 404
            }
            #expect(isDraining)
            let curl = try await pulled
            #expect(curl.status == 0, "\(curl)")
            #expect(size(file) == blob.size)
            #expect(try await haven.stop() == 0)
        }
    }

    @Test("names itself as its clients see it, behind a proxy it was told to trust, and to nobody else")
    func realm() async throws {
        let forwarded = ["X-Forwarded-Proto": "https", "X-Forwarded-Host": "registry.example:8443"]
        for (proxies, realm) in [("127.0.0.1", "https://registry.example:8443/service/token"), ("", nil)] {
            let settings = proxies.isEmpty ? [:] : ["trusted_proxies": proxies]
            try await withHaven(settings: settings) { haven in
                let answer = try await haven.client.send("GET", "/v2/", forwarded, as: .none)
                let expected = realm ?? "\(haven.url)/service/token"
                #expect(answer["www-authenticate"]?.contains(#"realm="\#(expected)""#) == true, "\(answer)")
                #expect(answer["www-authenticate"]?.contains(#"service="harbor-registry""#) == true)
            }
        }
    }

    @Test("signs tokens as its setting says", arguments: ["ES256", "RS256"])
    func algorithm(_ name: String) async throws {
        try await withHaven(settings: ["token_algorithm": name]) { haven in
            let token = try #require(try await haven.client.token(scopes: []).json?["token"] as? String)
            let head = String(token.prefix { $0 != "." }).replacing("-", with: "+").replacing("_", with: "/")
            let padded = head + String(repeating: "=", count: (4 - head.count % 4) % 4)
            let decoded = String(decoding: Data(base64Encoded: padded) ?? Data(), as: UTF8.self)
            #expect(decoded.contains("\"\(name)\""), "\(decoded)")
            let answer = try await haven.client.send("GET", "/v2/", as: .verbatim("Bearer \(token)"))
            #expect(answer.status == 200)
        }
    }

    @Test("needs no root", .enabled(if: geteuid() == 0, "this account is not root anyway"))
    func unprivileged() async throws {
        try await withTemporaryFolder { folder in
            try await Tool("cp").check(HavenProcess.executable, "\(folder)/haven")
            try await Tool("chown").check("-R", "65534:65534", folder)
            try await Tool("chmod").check("711", folder)
            let port = try freePort()
            let server = try await BackgroundProcess(
                Tool("setpriv", environment: ["HOME": folder], workingFolder: folder),
                ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "./haven", "serve"]
                    + ["--http-port", "\(port)", "--metrics-port", "0"], logPath: "\(folder)/printed")
            let isServing = try await eventually {
                try await Tool("curl").run(["-fs", "http://127.0.0.1:\(port)/healthz"]).status == 0
            }
            #expect(isServing, "\(server.log)")
            #expect(FileManager.default.fileExists(atPath: "\(folder)/haven-data/haven.db"))
            #expect(try await server.stop() == 0)
        }
    }

    @Test("takes the settings of /etc/haven when there are no others", .enabled(if: SmallDisk.isPossible))
    func systemSettings() async throws {
        try await withTemporaryFolder { folder in
            let etc = "\(folder)/etc/haven"
            try FileManager.default.createDirectory(atPath: etc, withIntermediateDirectories: true)
            try "http_port = 8123\n".write(toFile: "\(etc)/haven.cfg", atomically: true, encoding: .utf8)
            // A private view of the machine, in which /etc is that folder.
            let shown = try await Tool("unshare", workingFolder: folder).check([
                "--mount", "sh", "-c", #"mount --bind "$0" /etc && exec "$@""#, "\(folder)/etc",
                HavenProcess.executable, "config", "show",
            ])
            #expect(shown.contains("http_port = 8123    # /etc/haven/haven.cfg, line 1"), "\(shown)")
        }
    }

    @Test("listens on :: where no interface has an IPv6 address yet, and doctor finds that possible")
    func withoutIPv6Addresses() async throws {
        try await withTemporaryFolder { folder in
            // A network of its own, with an IPv4 address alone besides loopback.
            let script = #"""
                ip link set lo up; ip addr add 192.0.2.1/32 dev lo
                options="--listen :: --http-port 8080 --metrics-port 0 --data-volume data"
                "$0" doctor $options
                "$0" serve $options 2> log & server=$!
                for try in $(seq 200); do curl -sfg http://[::1]:8080/healthz && break; sleep 0.1; done
                kill $server; wait $server
                """#
            let result = try await Tool("unshare", workingFolder: folder).run([
                Tool.ownNetwork, "sh", "-c", script, HavenProcess.executable,
            ])
            #expect(result.output.contains("[::]:8080 is free"), "\(result)")
            #expect(result.status == 0 && result.output.hasSuffix("ok\n"), "\(result)")
        }
    }

    @Test("refuses the database of a newer version and says which, and prints the schema that it makes")
    func newerDatabase() async throws {
        try await withCommandLine { line in
            #expect(try await line.run("db", "migrate").status == 0)
            #expect(try await line.run("db", "migrate").output.contains("has the schema of this version already"))
            let insert = #"INSERT INTO schema_migrations VALUES (9999, 'of tomorrow', 'x', 1)"#
            try await Tool("python3").check([
                "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()",
                "\(line.folder)/data/haven.db", insert,
            ])
            let refused = try await line.run("serve", "--http-port", "\(freePort())", "--metrics-port", "0")
            #expect(refused.status == 1)
            #expect(
                refused.errors.contains("migrated by a newer version (migration 9999, of tomorrow)"),
                "\(refused)")
            for dialect in ["sqlite", "mariadb", "postgresql"] {
                #expect(try await line.run("db", "schema", "--dialect", dialect).output.contains("CREATE TABLE"))
            }
        }
    }

    private func size(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    }
}
