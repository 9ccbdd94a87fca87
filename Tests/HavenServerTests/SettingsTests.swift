// SPDX-License-Identifier: Apache-2.0

import HavenServer
import Logging
import SQLStorage
import Testing

/// Settings from a file's text, flags and environment.
func load(
    _ file: String? = nil, flags: [String: String] = [:], environment: [String: String] = [:]
) throws -> Settings {
    var sources = SettingSources()
    sources.file = file.map { ConfigFile(parsing: $0.utf8) }
    sources.flags = flags
    sources.environment = environment
    return try Settings(sources)
}

/// The faults of settings that must not be accepted.
func faults(_ file: String? = nil, flags: [String: String] = [:], environment: [String: String] = [:]) -> [SettingFault]
{
    do {
        _ = try load(file, flags: flags, environment: environment)
        return []
    } catch let error as SettingsError {
        return error.faults
    } catch {
        return []
    }
}

@Suite("settings")
struct SettingsTests {
    @Test("nothing set gives the embedded default")
    func embeddedDefault() throws {
        let settings = try load()
        #expect(settings.listener.httpPort == 8_080)
        #expect(settings.listener.httpsPort == 0)
        #expect(settings.listener.listen == [.address("127.0.0.1"), .address("::1")])
        #expect(settings.data.folder == "./haven-data")
        #expect(settings.data.secretKeyFolder == "./haven-data")
        #expect(settings.data.storageRoot == "./haven-data/registry")
        #expect(settings.database.kind == .sqlite)
        #expect(settings.identity.adminPassword == nil)
        #expect(settings.identity.tokenLife == .seconds(1_800))
        #expect(settings.lifecycle.drainDelay == .zero)
        #expect(settings.lifecycle.leaseLife == .seconds(86_400))
        #expect(settings.logs.level == .info)
        #expect(settings.warnings.isEmpty)
    }

    @Test("a flag wins over the environment, which wins over the file, which wins over the default")
    func precedence() throws {
        let file = "http_port = 1001"
        #expect(try load(file).listener.httpPort == 1_001)
        let environment = ["HAVEN_HTTP_PORT": "1002"]
        #expect(try load(file, environment: environment).listener.httpPort == 1_002)
        #expect(try load(file, flags: ["http_port": "1003"], environment: environment).listener.httpPort == 1_003)
    }

    @Test("the last of two equal keys counts")
    func lastCounts() throws {
        #expect(try load("http_port = 1\nhttp_port = 2").listener.httpPort == 2)
    }

    @Test("a file with _version gets Harbor's defaults, and only it does")
    func harborDefaults() throws {
        let settings = try load("_version = 1.5.0\nhostname = reg.example.com\ndb_type = sqlite")
        #expect(settings.listener.httpPort == 80)
        #expect(settings.data.folder == "/data")
        #expect(settings.data.secretKeyFolder == "/data")
        #expect(settings.listener.listen == [.address("0.0.0.0"), .address("::")])
        #expect(settings.isHarborFile)
        let shared = try load("_version = 1.5.0\nhostname = reg.example.com\ndb_password = x")
        #expect(shared.database.kind == .mariadb)
        #expect(shared.database.server?.hosts == [.init("mysql", port: 3_306)])
        #expect(shared.database.server?.user == "root")
        #expect(try load("_version = 1.5.0\ndb_type = sqlite\nui_url_protocol = https").listener.httpsPort == 443)
        #expect(try load("ui_url_protocol = https\nssl_cert = c\nssl_cert_key = k").listener.httpsPort == 8_443)
    }

    @Test("once a hostname is set, all addresses are listened on; an own list wins")
    func listenAddresses() throws {
        #expect(try load("hostname = r.example.com").listener.listen == [.address("0.0.0.0"), .address("::")])
        let own = try load("hostname = r.example.com\nlisten = [::1], unix:/run/haven.sock")
        #expect(own.listener.listen == [.address("::1"), .unixSocket("/run/haven.sock")])
    }

    @Test("a server behind proxies drains for three seconds")
    func drain() throws {
        #expect(try load("trusted_proxies = 10.0.0.0/8, ::1").lifecycle.drainDelay == .seconds(3))
    }

    @Test("all faults are reported together, with key, place and accepted form")
    func together() {
        let found = faults("http_port = x\ntoken_algorithm = none", environment: ["HAVEN_DISK_RESERVE": "-1"])
        #expect(found.map(\.key) == ["http_port", "disk_reserve", "token_algorithm"])
        #expect(
            found.first?.description
                == "http_port (haven.cfg, line 1): 'x' is not accepted; give a port number from 1 to 65535, or "
                + "0 for none")
        #expect(found.last?.description.contains("ES256 or RS256") == true)
    }

    @Test("an unknown key is an error that names the nearest known one")
    func unknownKey() {
        #expect(
            faults("htp_port = 1").map(\.description) == [
                "htp_port (haven.cfg, line 1): there is no such setting; did you mean http_port?"
            ])
        #expect(faults("colour = blue").first?.message.contains("haven config show") == true)
    }

    @Test("an unknown HAVEN_ variable is a warning that names the nearest; others are not looked at")
    func unknownVariable() throws {
        let settings = try load(environment: [
            "HAVEN_HTTP_PROT": "1", "HOME": "/", "HAVEN_FAULT": "", "HAVEN_CONFIG": "",
        ])
        #expect(
            settings.warnings.map(\.description) == [
                "environment HAVEN_HTTP_PROT: no setting has this name; did you mean HAVEN_HTTP_PORT?"
            ])
    }

    @Test("db_host without db_type says which line to add")
    func hostWithoutType() {
        #expect(faults("db_host = 10.0.0.5").map(\.key) == ["db_host"])
        #expect(
            faults("db_host = 10.0.0.5").first?.message.contains(
                "add db_type = mariadb or db_type = "
                    + "postgresql") == true)
        #expect(faults("db_host = 10.0.0.5\ndb_type = sqlite").isEmpty)
    }

    @Test("a database server has hosts in their order, each with its own port or that of db_port")
    func databaseServer() throws {
        let settings = try load(
            "db_type = postgresql\ndb_host = a, b:5433, [fd00::5]:5434, fd00::6\ndb_user = u\ndb_password = secret"
        ).database
        #expect(
            settings.server?.hosts == [
                .init("a", port: 5_432), .init("b", port: 5_433), .init("fd00::5", port: 5_434),
                .init("fd00::6", port: 5_432),
            ])
        #expect(settings.server?.database == "registry")
        #expect(settings.server?.password == "secret")
        #expect("\(String(describing: settings.server))".contains("secret") == false)
        #expect(try load("db_type = mariadb\ndb_host = a").database.server?.hosts == [.init("a", port: 3_306)])
        #expect(try load("db_connections_push = 3").database.connections[.push] == 3)
    }

    @Test(
        "what belongs to another setting is checked too",
        arguments: [
            ("https_port = 443", "ssl_cert"), ("https_port = 443", "ssl_cert_key"),
            ("http_port = 81\nmetrics_port = 81", "metrics_port"), ("http_port = 0", "http_port"),
            ("listen =", "listen"),
            ("https_redirect = on", "https_redirect"), ("proxy_protocol = on", "proxy_protocol"),
            ("registry_storage_provider_name = gcs", "registry_storage_provider_config"),
            ("registry_storage_provider_name = s3", "registry_storage_provider_config"),
            ("registry_storage_provider_config = rotdirectory: /x", "registry_storage_provider_config"),
            ("db_type = mariadb", "db_host"), ("db_type = postgresql\ndb_host =", "db_host"),
            ("auth_mode = ldap_auth", "auth_mode"),
            ("http_port = 9\nhttps_port = 9\nssl_cert = c\nssl_cert_key = k", "https_port"),
            ("ui_url_protocol = https\nhttps_port = 0\nhttps_redirect = off", "https_port"),
            (
                "max_header_size = "
                    + "1k", "max_header_size"
            ),
        ])
    func combinations(_ file: String, _ key: String) {
        #expect(faults(file).contains { $0.key == key })
    }

    @Test("a Unix socket alone is enough to serve")
    func socketOnly() throws {
        #expect(try load("http_port = 0\nlisten = /run/h.sock").listener.httpPort == 0)
    }

    @Test(
        "sizes and durations have units",
        arguments: [
            ("4096", 4_096), ("512k", 524_288), ("200M", 209_715_200), ("2G", 2_147_483_648), ("1t", 1_099_511_627_776),
            ("0", 0),
        ] as [(String, Int64)])
    func sizes(_ text: String, _ bytes: Int64) throws {
        #expect(try load("disk_reserve = \(text)").data.diskReserveBytes == bytes)
    }

    @Test(
        "a bare number of token_expiration counts minutes, of others seconds",
        arguments: [
            ("token_expiration = 5", 300_000), ("token_expiration = 5s", 5_000), ("token_expiration = 2h", 7_200_000),
        ])
    func durations(_ line: String, _ milliseconds: Int) throws {
        #expect(try load(line).identity.tokenLife == .milliseconds(milliseconds))
        #expect(try load("drain_timeout = 7").lifecycle.drainTimeout == .seconds(7))
        #expect(try load("lease_life = 1500ms").lifecycle.leaseLife == .milliseconds(1_500))
    }

    @Test("Harbor's options of the filesystem store name the folder of the blobs")
    func storageOptions() throws {
        let settings = try load("registry_storage_provider_config = rootdirectory: /srv/blobs, maxthreads: 100")
        #expect(settings.data.storageRoot == "/srv/blobs")
        #expect(settings.warnings.map(\.key) == ["registry_storage_provider_config"])
    }
}
