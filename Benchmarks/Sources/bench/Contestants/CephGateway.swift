// SPDX-License-Identifier: Apache-2.0
import Foundation

/// S3 by Ceph's object gateway, over a monitor and one disk in memory.
final class CephGateway: ObjectStore {
    private static let (user, key) = ("bench:swift", "benchkey")
    private static let (accessKey, secretKey) = ("BENCHACCESS", "benchsecret")

    let title = "S3 (radosgw)"
    let account: StoreAccount
    private let port: Int
    private let processes: [ServerProcess]

    init(folder: String) throws {
        let monitor = try freePort()
        port = try freePort()
        for name in ["mon", "osd", "run", "log", "rgw"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        let file = "\(folder)/ceph.conf"
        let (cluster, disk) = (UUID().uuidString.lowercased(), UUID().uuidString.lowercased())
        try Self.settings(folder, monitor: monitor, cluster: cluster, disk: disk)
            .write(toFile: file, atomically: true, encoding: .utf8)
        try "".write(toFile: "\(folder)/keyring", atomically: true, encoding: .utf8)
        let environment = ["CEPH_CONF": file]
        func run(_ tool: String, _ arguments: [String]) throws {
            try execute(tool, arguments, environment: environment)
        }
        func start(_ tool: String, _ arguments: [String]) throws -> ServerProcess {
            try ServerProcess(
                try path(of: tool), arguments, environment: environment, log: "\(folder)/log/\(tool).out")
        }
        let address = "[v2:127.0.0.1:\(monitor)/0]"
        try run("monmaptool", ["--create", "--fsid", cluster, "--addv", "a", address, "\(folder)/monmap"])
        try run("ceph-mon", ["-i", "a", "--mkfs", "--monmap", "\(folder)/monmap"])
        let mon = try start("ceph-mon", ["-i", "a", "-f"])
        try run("ceph", ["--connect-timeout", "30", "osd", "new", disk, "0"])
        try run("ceph-osd", ["-i", "0", "--mkfs"])
        let osd = try start("ceph-osd", ["-i", "0", "-f"])
        let gateway = try start(
            "radosgw", ["-n", "client.rgw.a", "-f", "--rgw_frontends=beast endpoint=127.0.0.1:\(port)"])
        processes = [mon, osd, gateway]
        try gateway.waitUntilAnswering("/", port: port, log: "\(folder)/log/radosgw.out", within: 90)
        let admin = ["-n", "client.rgw.a"]
        try run(
            "radosgw-admin",
            admin + [
                "user", "create", "--uid=bench", "--display-name=bench", "--access-key=\(Self.accessKey)",
                "--secret-key=\(Self.secretKey)",
            ])
        try run(
            "radosgw-admin",
            admin + [
                "subuser", "create", "--uid=bench", "--subuser=\(Self.user)", "--access=full",
                "--secret=\(Self.key)", "--key-type=swift",
            ])
        account = try StoreAccount(port: port, user: Self.user, key: Self.key)
        for container in StoreContainer.all { try account.makeContainer(container) }
    }

    var havenSettings: [String: String] {
        [
            "HAVEN_REGISTRY_STORAGE_PROVIDER_NAME": "s3",
            "HAVEN_REGISTRY_STORAGE_PROVIDER_CONFIG": "accesskey: \(Self.accessKey), secretkey: \(Self.secretKey), "
                + "region: us-east-1, regionendpoint: http://127.0.0.1:\(port), bucket: \(StoreContainer.haven)",
        ]
    }

    var dockerRegistrySettings: String {
        "s3: {accesskey: \(Self.accessKey), secretkey: \(Self.secretKey), region: us-east-1, "
            + "regionendpoint: \"http://127.0.0.1:\(port)\", secure: false, bucket: \(StoreContainer.dockerRegistry)}"
    }

    private static func settings(_ folder: String, monitor: Int, cluster: String, disk: String) -> String {
        """
        [global]
        fsid = \(cluster)
        mon_initial_members = a
        mon_host = [v2:127.0.0.1:\(monitor)/0]
        public_addr = 127.0.0.1
        cluster_addr = 127.0.0.1
        ms_bind_msgr1 = false
        auth_cluster_required = none
        auth_service_required = none
        auth_client_required = none
        run_dir = \(folder)/run
        admin_socket = \(folder)/run/$name.$pid.asok
        log_file = \(folder)/log/$name.log
        crash_dir = \(folder)/log
        keyring = \(folder)/keyring
        osd_pool_default_size = 1
        osd_pool_default_min_size = 1
        osd_pool_default_pg_num = 4
        osd_pool_default_pg_autoscale_mode = off
        mon_allow_pool_size_one = true
        mon_max_pg_per_osd = 1000
        osd_crush_chooseleaf_type = 0
        [mon]
        mon_data = \(folder)/mon
        [osd]
        osd_data = \(folder)/osd
        osd_objectstore = memstore
        memstore_device_bytes = 12884901888
        osd_uuid = \(disk)
        [client]
        rgw_data = \(folder)/rgw
        ms_mon_client_mode = crc
        # What a round has pushed leaves memory before the next but one.
        rgw_gc_obj_min_wait = 1
        rgw_gc_processor_period = 5
        rgw_gc_processor_max_time = 5

        """
    }
}
