// SPDX-License-Identifier: Apache-2.0

import HavenServer
import Testing

@Suite("every setting")
struct SettingsTableTests {
    /// For every key a text that it must refuse.
    static let wrongValues: [String: String] = [
        "_version": "\u{1}", "hostname": "http://reg.example.com", "ui_url_protocol": "ftp", "http_port": "65536",
        "https_port": "-1", "listen": "localhost:80", "https_redirect": "maybe", "ssl_cert": "a\u{1}b",
        "ssl_cert_key": "\u{7f}", "trusted_proxies": "10.0.0.0/33", "proxy_protocol": "2", "metrics_port": "http",
        "metrics_listen": "everywhere",
        "data_volume": "", "secretkey_path": "", "registry_storage_provider_name": "floppy",
        "registry_storage_provider_config": "rootdirectory", "registry_storage_redirect": "perhaps",
        "registry_storage_ca_bundle": "\u{1}", "disk_reserve": "1.5G", "db_type": "oracle",
        "db_host": "db:0", "db_port": "0", "db_user": "\u{2}", "db_password": "a\n  b", "db_name": "my registry",
        "db_sslmode": "allow", "db_sslrootcert": "a\u{1}", "db_connections_pull": "0", "db_connections_push": "-1",
        "db_connections_admin": "many", "db_connections_jobs": "501",
        "harbor_admin_password": "a\n  b", "auth_mode": "none", "token_algorithm": "HS256", "token_expiration": "soon",
        "lease_life": "0", "upload_life": "1w", "read_grace": "-1s", "clock_spread": "5 min",
        "gc_interval": "1h30m", "drain_delay": "1 s",
        "drain_timeout": "99999999d", "max_connections": "0", "max_header_size": "big", "header_timeout": "0",
        "idle_timeout": "x", "transfer_timeout": "+5", "max_blob_size": "1Q", "manifest_cache_size": "9999999999T",
        "redis_url": "a\n  b", "redis_sentinel_master": "\u{1}", "redis_user": "\u{2}", "redis_password": "a\n  b",
        "redis_sentinel_user": "\u{7f}", "redis_sentinel_password": "a\n  b", "redis_tls": "1",
        "redis_ca_file": "a\u{1}b", "clair_db_host": "postgres:0", "clair_db_port": "65536",
        "clair_db_username": "\u{2}", "clair_db_password": "a\n  b", "clair_db": "the scanner's",
        "node_name": "a\u{1}b", "heartbeat_interval": "0", "stale_tags": "-1s", "stale_digests": "1w",
        "outage_patience": "-1s",
        "log_file": "\u{1b}[2J", "log_level": "loud", "log_rotate_count": "-1", "log_rotate_size": "200MB",
    ]

    static var active: [SettingDescription] {
        SettingsReference.declarations.filter { if case .unused = $0.origin { false } else { true } }
    }

    @Test("refuses a wrong value with its accepted form", arguments: active.map(\.key))
    func refuses(_ key: String) throws {
        let wrong = try #require(Self.wrongValues[key], "add a wrong value for \(key) to the table")
        let found = faults("\(key) = \(wrong)").filter { $0.key == key }
        let description = try #require(Self.active.first { $0.key == key })
        #expect(found.first?.message.contains("is not accepted; give \(description.accepts)") == true, "\(found)")
    }

    @Test("refuses it from the environment too", arguments: active.map(\.key).filter { $0 != "_version" })
    func refusesFromEnvironment(_ key: String) throws {
        let description = try #require(Self.active.first { $0.key == key })
        let wrong = try #require(Self.wrongValues[key])
        let found = faults(environment: [description.environmentName: wrong])
        let place = "\(key) (environment \(description.environmentName)):"
        #expect(found.contains { $0.description.hasPrefix(place) }, "\(found)")
    }

    @Test("has a default that it accepts itself", arguments: active.filter { $0.standard.isEmpty == false }.map(\.key))
    func acceptsItsDefault(_ key: String) throws {
        let described = try load().described
        let value = try #require(described.first { $0.key == key }?.value)
        if value.isEmpty || value == "•••" { return }
        let again = try load("\(key) = \(value)")
        #expect(again.described.first { $0.key == key }?.value == value)
    }

    @Test("has a meaning in whole sentences and a key of its own")
    func meanings() {
        let all = SettingsReference.declarations
        #expect(Set(all.map(\.key)).count == all.count)
        for setting in all {
            #expect(setting.meaning.hasSuffix("."), "\(setting.key)")
            #expect(setting.meaning.first?.isUppercase == true || setting.meaning.hasPrefix("/"), "\(setting.key)")
        }
        #expect(Set(Self.wrongValues.keys) == Set(Self.active.map(\.key)))
    }

    /// Harbor 1.5's harbor.cfg, every key.
    static let harborKeys = """
        _version hostname ui_url_protocol max_job_workers customize_crt ssl_cert ssl_cert_key secretkey_path admiral_url
        log_rotate_count log_rotate_size http_proxy https_proxy no_proxy email_identity email_server email_server_port
        email_username email_password email_from email_ssl email_insecure harbor_admin_password auth_mode ldap_url
        ldap_searchdn ldap_search_pwd ldap_basedn ldap_filter ldap_uid ldap_scope ldap_timeout ldap_verify_cert
        ldap_group_basedn ldap_group_filter ldap_group_gid ldap_group_scope self_registration token_expiration
        project_creation_restriction db_host db_password db_port db_user redis_url clair_db_host clair_db_password
        clair_db_port clair_db_username clair_db uaa_endpoint uaa_clientid uaa_clientsecret uaa_verify_cert uaa_ca_cert
        registry_storage_provider_name registry_storage_provider_config reload_config
        """.split { $0 == " " || $0 == "\n" }.map(String.init)

    @Test("of Harbor 1.5 is known", arguments: harborKeys)
    func knowsHarborKeys(_ key: String) {
        #expect(SettingsReference.declarations.contains { $0.key == key && $0.origin != .haven })
    }

    @Test("without effect gives exactly one warning")
    func warnsOnce() throws {
        let file =
            "_version = 1.5.0\ndb_type = sqlite\nhostname = reg.example.com\nmax_job_workers = "
            + "50\nadmiral_url = NA\nldap_url = x"
        #expect(try load(file).warnings.map(\.key) == ["ldap_url", "max_job_workers", "admiral_url"])
    }

    @Test("is refused only by a fault, never by a crash: any bytes as a value")
    func hostile() {
        let hostile = [
            "", " ", "\u{0}", "🐳", String(repeating: "9", count: 5_000), "0x10", "1e9", "٣", "a,b,,c", ":", "/", "..",
            "%00",
        ]
        for setting in Self.active {
            for text in hostile { _ = faults(flags: [setting.key: text]) }
        }
    }
}
