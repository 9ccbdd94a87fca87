// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore

/// Ceph's object gateway over a monitor and one memory-backed disk: S3, and OpenStack Swift's API with its old login.
///
/// One for the whole test process, started by the first who asks, dead with the process.
package final class Radosgw: Sendable {
    /// `host:port`
    package let host: String
    package let accessKey = "havenkey"
    package let secretKey = "havensecret"
    /// The bucket that was made for the tests; each takes a folder of its own inside.
    package let bucket = "haven"
    package let swiftUser = "haven:swift"
    package let swiftKey = "swiftpw"
    private let processes: [BackgroundProcess]

    /// The server that clients talk to.
    package var gateway: BackgroundProcess { processes[processes.count - 1] }

    private init(host: String, processes: [BackgroundProcess]) {
        self.host = host
        self.processes = processes
    }

    package var url: String { "http://\(host)" }

    private static let starting = Task { try await Radosgw.start(in: SharedFolder.make()) }

    package static func shared() async throws -> Radosgw { try await starting.value }

    private static func start(in folder: String) async throws -> Radosgw {
        let (monitor, gateway) = (try freePort(), try freePort())
        let configuration = "\(folder)/ceph.conf"
        for name in ["mon", "osd", "run", "log", "rgw"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        let (cluster, disk) = (UUID().uuidString.lowercased(), UUID().uuidString.lowercased())
        try writeFile(
            configuration, "[global]", "fsid = \(cluster)", "mon_initial_members = a",
            "mon_host = [v2:\(testAddress):\(monitor)/0]", "public_addr = \(testAddress)",
            "cluster_addr = \(testAddress)",
            "ms_bind_msgr1 = false", "ms_bind_port_min = 6800", "ms_bind_port_max = 7300",
            "auth_cluster_required = none", "auth_service_required = none", "auth_client_required = none",
            "run_dir = \(folder)/run", "admin_socket = \(folder)/run/$name.$pid.asok",
            "log_file = \(folder)/log/$name.log", "crash_dir = \(folder)/log", "keyring = \(folder)/keyring",
            "osd_pool_default_size = 1", "osd_pool_default_min_size = 1", "osd_pool_default_pg_num = 4",
            "osd_pool_default_pg_autoscale_mode = off", "mon_allow_pool_size_one = true",
            "mon_max_pg_per_osd = 1000", "osd_crush_chooseleaf_type = 0", "[mon]", "mon_data = \(folder)/mon",
            "[osd]", "osd_data = \(folder)/osd", "osd_objectstore = memstore", "memstore_device_bytes = 17179869184",
            "osd_memory_target = 1073741824", "osd_uuid = \(disk)", "[client]", "rgw_data = \(folder)/rgw",
            // The gateway insists on an encrypted connection to the monitor by default, impossible without keys.
            "ms_mon_client_mode = crc",
            // So that tests make blobs of many parts out of few bytes.
            "rgw_multipart_min_part_size = 65536")
        try writeFile("\(folder)/keyring", "")
        func tool(_ program: String) -> Tool { Tool(program, environment: ["CEPH_CONF": configuration]) }
        func background(_ program: String, _ arguments: [String]) async throws -> BackgroundProcess {
            try await BackgroundProcess(tool(program), arguments, logPath: "\(folder)/log/\(program).out")
        }
        try await tool("monmaptool").check(
            "--create", "--fsid", cluster, "--addv", "a", "[v2:\(testAddress):\(monitor)/0]", "\(folder)/monmap")
        try await tool("ceph-mon").check("-i", "a", "--mkfs", "--monmap", "\(folder)/monmap")
        let mon = try await background("ceph-mon", ["-i", "a", "-f"])
        try await tool("ceph").check("--connect-timeout", "30", "mon", "stat")
        try await tool("ceph").check("osd", "new", disk, "0")
        try await tool("ceph-osd").check("-i", "0", "--mkfs")
        let osd = try await background("ceph-osd", ["-i", "0", "-f"])
        let isUp = try await eventually(within: .seconds(60), every: .milliseconds(200)) {
            try await tool("ceph").run(["osd", "stat"]).output.contains("1 up")
        }
        guard isUp else { throw ToolFailure(what: "ceph-osd is not up:\n\(osd.log)") }
        let arguments = ["-n", "client.rgw.a", "-f", "--rgw_frontends=beast endpoint=\(testAddress):\(gateway)"]
        let rgw = try await background("radosgw", arguments)
        try await ready("http://\(testAddress):\(gateway)/", rgw)
        let admin = ["-n", "client.rgw.a"]
        try await tool("radosgw-admin").check(
            admin + [
                "user", "create", "--uid=haven", "--display-name=haven", "--access-key=havenkey",
                "--secret-key=havensecret",
            ])
        try await tool("radosgw-admin").check(
            admin + [
                "subuser", "create", "--uid=haven", "--subuser=haven:swift", "--access=full", "--secret=swiftpw",
                "--key-type=swift",
            ])
        let started = Radosgw(host: "\(testAddress):\(gateway)", processes: [mon, osd, rgw])
        try await S3Bucket.make(started.bucket, at: started.url, accessKey: "havenkey", secretKey: "havensecret")
        return started
    }
}

/// Waits until a server answers anything over HTTP.
func ready(_ url: String, _ process: BackgroundProcess, within limit: Duration = .seconds(90)) async throws {
    let isReady = try await eventually(within: limit, every: .milliseconds(100)) {
        guard process.isRunning else { throw ToolFailure(what: "the server of \(url) ended:\n\(process.log)") }
        return (try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(5))) != nil
    }
    guard isReady else { throw ToolFailure(what: "\(url) does not answer:\n\(process.log)") }
}
