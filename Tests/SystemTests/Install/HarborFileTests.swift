// SPDX-License-Identifier: Apache-2.0
import Foundation
import SQLStorage
import TestKit
import Testing

/// A `harbor.cfg` of Harbor 1.5 with every key that version has, taken as `haven.cfg` as it is.
@Suite("a harbor.cfg of Harbor 1.5", .timeLimit(.minutes(5)))
struct HarborFileTests {
    /// The keys that mean nothing here.
    private static let withoutEffect = """
        max_job_workers customize_crt admiral_url http_proxy https_proxy no_proxy email_identity email_server \
        email_server_port email_username email_password email_from email_ssl email_insecure ldap_url ldap_searchdn \
        ldap_search_pwd ldap_basedn ldap_filter ldap_uid ldap_scope ldap_timeout ldap_verify_cert ldap_group_basedn \
        ldap_group_filter ldap_group_gid ldap_group_scope self_registration project_creation_restriction uaa_endpoint \
        uaa_clientid uaa_clientsecret uaa_verify_cert uaa_ca_cert reload_config
        """.split(separator: " ").map(String.init)

    /// The values of the file are Harbor's; what a person who follows the guide changes comes as parameters.
    private static func file(database: Int, redis: Int, folder: String) -> String {
        """
        ## Configuration file of Harbor
        #This attribute is for migrator to detect the version of the .cfg file, DO NOT MODIFY!
        _version = 1.5.0
        hostname = 127.0.0.1
        ui_url_protocol = http
        max_job_workers = 50
        customize_crt = on
        ssl_cert = /data/cert/server.crt
        ssl_cert_key = /data/cert/server.key
        secretkey_path = \(folder)/data
        admiral_url = NA
        log_rotate_count = 50
        log_rotate_size = 200M
        http_proxy =
        https_proxy =
        no_proxy = 127.0.0.1,localhost,ui
        email_identity =
        email_server = smtp.mydomain.com
        email_server_port = 25
        email_username = sample_admin@mydomain.com
        email_password = abc
        email_from = admin <sample_admin@mydomain.com>
        email_ssl = false
        email_insecure = false
        harbor_admin_password = Harbor12345
        auth_mode = db_auth
        ldap_url = ldaps://ldap.mydomain.com
        ldap_searchdn = uid=searchuser,ou=people,dc=mydomain,dc=com
        ldap_search_pwd = password
        ldap_basedn = ou=people,dc=mydomain,dc=com
        ldap_filter = (objectClass=person)
        ldap_uid = uid
        ldap_scope = 2
        ldap_timeout = 5
        ldap_verify_cert = true
        ldap_group_basedn = ou=group,dc=mydomain,dc=com
        ldap_group_filter = objectclass=group
        ldap_group_gid = cn
        ldap_group_scope = 2
        self_registration = on
        token_expiration = 30
        project_creation_restriction = everyone
        db_host = 127.0.0.1
        db_password = havenpw
        db_port = \(database)
        db_user = haven
        redis_url = 127.0.0.1:\(redis)
        clair_db_host = 127.0.0.1
        clair_db_password = password
        clair_db_port = 5432
        clair_db_username = postgres
        clair_db = postgres
        uaa_endpoint = uaa.mydomain.org
        uaa_clientid = id
        uaa_clientsecret = secret
        uaa_verify_cert = true
        uaa_ca_cert = /path/to/ca.pem
        registry_storage_provider_name = filesystem
        registry_storage_provider_config =
        reload_config = false

        """
    }

    private func lines(_ text: String, beginning prefix: String) -> [Substring] {
        text.split(separator: "\n").filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
    }

    @Test("installs a node: every key is used, or told once with the reason why it has no effect")
    func installs() async throws {
        let server = try await SoundMariaDB.server()
        let database = try await server.makeDatabase()
        try await withRedis { redis in
            try await withTemporaryFolder { folder in
                let scanner = try await PostgreSQLServer.shared
                try await scanner.sql("ALTER ROLE postgres PASSWORD 'password'")
                let text = Self.file(database: server.port, redis: redis.port, folder: folder)
                    .replacing("clair_db_port = 5432", with: "clair_db_port = \(scanner.port)")
                let own = ["db_name": database.database]
                let node = try await Unpacked(host: folder, settings: own, file: text)
                let result = try await node.install("--ha")
                #expect(result.status == 0, "\(result)")
                let told = lines(result.errors, beginning: "warning: ").filter { !$0.hasPrefix("environment ") }
                for key in Self.withoutEffect {
                    let ofKey = told.filter { $0.hasPrefix("\(key) ") }
                    #expect(ofKey.count == 1 && ofKey.allSatisfy { $0.contains("no effect: ") }, "\(key): \(told)")
                }
                #expect(told.filter { $0.contains("no effect") }.count == Self.withoutEffect.count, "\(told)")
                #expect(result.errors.contains("LOCKED"), "Harbor's well-known password opens nothing: \(result)")
                try await expectUse(of: node, text)
            }
        }
        try await server.drop(database)
    }

    /// What has a meaning has it: the settings as the installed program understands them.
    private func expectUse(of node: Unpacked, _ text: String) async throws {
        let shown = try await Tool(node.program).check(
            "config", "show", "--config", "\(node.prefix)/etc/haven/haven.cfg")
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let (key, value) = (line.prefix { $0 != " " }, line.drop { $0 != "=" }.dropFirst().drop { $0 == " " })
            guard !value.isEmpty, !Self.withoutEffect.contains(String(key)) else { continue }
            let meant = shown.split(separator: "\n").first { $0.hasPrefix("\(key) = ") } ?? "nothing"
            #expect(meant.contains("haven.cfg, line"), "\(line): \(meant)")
            // Secrets are masked, and Harbor's bare number of minutes is shown with its unit.
            let forms = [value, "•••", value + "m"].map { "\(key) = \($0) " }
            #expect(forms.contains(where: meant.hasPrefix), "\(line): \(meant)")
        }
    }
}
