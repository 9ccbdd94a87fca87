// SPDX-License-Identifier: Apache-2.0

extension Mistake {
    /// What is refused by every command, before anything is looked at.
    static let refused = [
        Mistake("htpp_port", "80", tells: "did you mean http_port?"),
        Mistake("db_hots", "x", tells: "did you mean db_host?"),
        Mistake("colour", "blue", tells: "there is no such setting"),
        Mistake("http_port", "eighty", tells: "a port number from 1 to 65535"),
        Mistake("db_port", "99999", tells: "a whole number from 1 to 65535"),
        Mistake("https_redirect", "yes", tells: "on, off, true or false"),
        Mistake("hostname", "https://registry", tells: "without scheme, port and path"),
        Mistake("ui_url_protocol", "ftp", tells: "is not accepted; give"),
        Mistake("https without a certificate", "ssl_cert", "needs this file") { _ in
            ["ui_url_protocol": "https", "https_port": "18443", "ssl_cert_key": "/etc/haven/server.key"]
        },
        Mistake("one port for two things", "https_port", "give each its own") { _ in
            [
                "http_port": "18080", "https_port": "18080", "ssl_cert": "/etc/haven/server.crt",
                "ssl_cert_key": "/etc/haven/server.key",
            ]
        },
        Mistake("auth_mode", "ldap_auth", tells: "use db_auth"),
        Mistake("log_level", "loud", tells: "is not accepted; give"),
        Mistake("log_rotate_size", "big", tells: "is not accepted; give"),
        Mistake("token_expiration", "half an hour", tells: "a length of time such as"),
        Mistake("trusted_proxies", "balancer one", tells: "an IP address or a range"),
        Mistake("proxy_protocol", "on", tells: "name the proxies that send the header"),
        Mistake("db_type", "-", tells: "add db_type = mariadb or db_type = postgresql", about: "db_host"),
        Mistake("db_type", "oracle", tells: "is not accepted; give"),
        Mistake("redis_url", "a:1,b:2", tells: "set redis_sentinel_master"),
        Mistake("registry_storage_provider_name", "nfs", tells: "filesystem or s3"),
        Mistake("an option of the store is misspelt", "registry_storage_provider_config", "did you mean bucket?") { _ in
            [
                "registry_storage_provider_name": "s3",
                "registry_storage_provider_config": "accesskey: a, secretkey: b, region: c, buckt: haven",
            ]
        },
        Mistake("an option of the store is missing", "registry_storage_provider_config", "container") { _ in
            [
                "registry_storage_provider_name": "swift",
                "registry_storage_provider_config": "username: u, password: p, authurl: http://127.0.0.1:1/auth/v1.0",
            ]
        },
    ]

    /// What an installation finds when it looks at what the lines name.
    static let inLines = [
        Mistake("hostname", "reg.mydomain.com", tells: "give the name or address by which clients come"),
        Mistake("hostname", "-", tells: "name or address of the balancers"),
        Mistake("data_volume", "./data", tells: "give a path from /"),
        Mistake("log_file", "haven.log", tells: "give a path from /"),
        Mistake("disk_reserve", "900T", tells: "make room, or lower it"),
        Mistake("harbor_admin_password", "secret", tells: "8 to 128 characters"),
        Mistake("db_type", "sqlite", tells: "set db_type = mariadb or postgresql"),
        Mistake("db_password", "not-this-one", tells: "look at db_host, db_user and db_password"),
        Mistake("db_user", "nobody", tells: "look at db_host, db_user and db_password", about: "db_password"),
        Mistake("db_name", "absent", tells: "does not exist"),
        Mistake("db_host", "no-such-host.invalid", tells: "look at db_host"),
        Mistake("db_port", "1", tells: "look at db_host", about: "db_host"),
        Mistake("db_sslmode", "require", tells: "SSL"),
        Mistake("redis_url", "127.0.0.1:1", tells: "put it right or remove the line"),
        Mistake("clair_db_host", "127.0.0.1:1", tells: "put it right or remove the line"),
    ]
}
