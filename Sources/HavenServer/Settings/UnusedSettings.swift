// SPDX-License-Identifier: Apache-2.0

/// Keys of Harbor 1.5 and of later parts of Haven that this version accepts without doing anything.
///
/// Each that is given causes one warning with its reason, so that an existing `harbor.cfg` works unchanged and hides nothing.
enum UnusedSettings {
    private static let groups: [(reason: String, keys: [(key: String, form: SettingForm<String>)])] = [
        ("Haven has no mail yet", words("email_identity email_server email_server_port email_username email_from")),
        ("Haven has no mail yet", words("email_ssl email_insecure") + secrets("email_password")),
        (
            "accounts live in the database in this version",
            words(
                """
                ldap_url ldap_searchdn ldap_basedn ldap_filter ldap_uid ldap_scope ldap_timeout ldap_verify_cert \
                ldap_group_basedn ldap_group_filter ldap_group_gid ldap_group_scope
                """) + secrets("ldap_search_pwd")
        ),
        (
            "accounts live in the database in this version",
            words("uaa_endpoint uaa_clientid uaa_verify_cert uaa_ca_cert") + secrets("uaa_clientsecret")
        ),
        ("Haven has no scanner yet", words("http_proxy https_proxy no_proxy")),
        ("Haven has no jobs yet", words("max_job_workers")),
        ("accounts are made by `haven user create` in this version", words("self_registration")),
        ("projects are made by `haven project create` in this version", words("project_creation_restriction")),
        ("Haven makes its signing keys itself", words("customize_crt")),
        ("there is no such integration", words("admiral_url")),
        ("every start reads all settings", words("reload_config")),
    ]

    static func read(_ reader: inout SettingReader) {
        for (reason, keys) in groups {
            for (key, form) in keys {
                _ = reader.read(
                    Setting(
                        key, form, default: "", origin: .unused("it has no effect: \(reason)"),
                        "Accepted without effect: \(reason)."))
            }
        }
    }

    private static func words(_ keys: String) -> [(key: String, form: SettingForm<String>)] {
        keys.split(separator: " ").map { (String($0), .anything) }
    }

    private static func secrets(_ keys: String) -> [(key: String, form: SettingForm<String>)] {
        keys.split(separator: " ").map { (String($0), .hidden) }
    }
}

extension SettingForm where Value == String {
    /// Any text, for keys without effect.
    fileprivate static var anything: SettingForm {
        SettingForm("any text") {
            $0
        } text: {
            $0
        }
    }

    /// Any text, shown as `•••`, for keys without effect that may hold a password.
    fileprivate static var hidden: SettingForm {
        SettingForm("any text", isSecret: true) {
            $0
        } text: {
            $0.isEmpty ? "" : "•••"
        }
    }
}
