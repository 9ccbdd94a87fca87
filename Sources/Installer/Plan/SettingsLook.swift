// SPDX-License-Identifier: Apache-2.0

import HavenServer

/// What is wrong with settings for an installation, beyond what a server that is started by hand would refuse.
struct SettingsLook {
    let options: InstallOptions
    let settings: Settings

    var findings: [Finding] { [hostname, database, storage].compactMap { $0 } + relativePaths }

    /// The name that Harbor's and Haven's example files hold.
    private static let examples = ["reg.mydomain.com", "registry.example.com"]

    private var hostname: Finding? {
        guard let name = settings.listener.hostname else {
            return options.isHighlyAvailable
                ? Finding(
                    .fault, "address", "give the name or address of the balancers, by which clients come",
                    key: "hostname")
                : nil
        }
        if Self.examples.contains(name) {
            return Finding(
                .fault, "address", "\(name) is the example's; give the name or address by which clients come",
                key: "hostname")
        }
        if ["localhost", "127.0.0.1", "::1"].contains(name), options.isHighlyAvailable {
            return Finding(
                .warning, "address", "\(name) is reached from this host only; give the name of the balancers",
                key: "hostname")
        }
        return nil
    }

    private var database: Finding? {
        guard options.isHighlyAvailable, settings.database.kind == .sqlite else { return nil }
        return Finding(
            .fault, "database",
            "sqlite belongs to one host; with --ha set db_type = mariadb or postgresql, and db_host to the server",
            key: "db_type")
    }

    private var storage: Finding? {
        guard options.isHighlyAvailable, let root = settings.data.storage.fileRoot else { return nil }
        return Finding(
            .warning, "storage",
            "\(root) must be one folder for all nodes (NFS, Ceph), writable for the account with the number "
                + "\(Machine.accountNumber); this host cannot see whether it is", key: "registry_storage_provider_name")
    }

    /// A server that systemd starts has no folder to start in.
    private var relativePaths: [Finding] {
        let (listener, data) = (settings.listener, settings.data)
        let paths: [(key: String, path: String?)] = [
            ("data_volume", data.folder), ("secretkey_path", data.secretKeyFolder),
            ("registry_storage_provider_config", data.storage.fileRoot), ("ssl_cert", listener.certificate),
            ("ssl_cert_key", listener.certificateKey), ("log_file", settings.logs.file),
        ]
        return paths.compactMap { key, path in
            guard let path, !path.hasPrefix("/") else { return nil }
            // What follows data_volume is put right with it.
            if key != "data_volume", path == data.folder || path.hasPrefix(data.folder + "/") { return nil }
            return Finding(
                .fault, "path", "\(path) is relative to wherever the server starts; give a path from /", key: key)
        }
    }
}
