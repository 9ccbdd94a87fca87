// SPDX-License-Identifier: Apache-2.0
import Foundation

/// OpenStack Swift with one disk and accounts of its own, a process for each of its services.
final class SwiftServer: ObjectStore {
    private static let (user, key) = ("bench:bench", "benchkey")

    let title = "OpenStack Swift"
    let account: StoreAccount
    private let port: Int
    private let processes: [ServerProcess]

    init(folder: String) throws {
        let ports = try (0..<5).map { _ in try freePort() }
        try FileManager.default.createDirectory(atPath: "\(folder)/srv/d1", withIntermediateDirectories: true)
        try Self.write("\(folder)/rings.py", Self.rings)
        try execute("/usr/bin/python3", ["\(folder)/rings.py", folder] + ports[1...3].map(String.init))
        let memcached = try ServerProcess(
            try path(of: "memcached"),
            ["-u", NSUserName(), "-l", "127.0.0.1", "-p", "\(ports[4])", "-U", "0"], log: "\(folder)/memcached.log")
        let services = ["object", "container", "account"]
        for (service, port) in zip(services, ports[1...]) {
            try Self.write("\(folder)/\(service).conf", Self.service(service, folder, port: port))
        }
        try Self.write("\(folder)/proxy.conf", Self.proxy(folder, port: ports[0], memcached: ports[4]))
        let servers = try (services + ["proxy"]).map { service in
            try ServerProcess(
                try path(of: "swift-\(service)-server"), ["\(folder)/\(service).conf", "-v"],
                log: "\(folder)/\(service).log")
        }
        for (server, port) in zip(servers, Array(ports[1...3]) + [ports[0]]) {
            try server.waitUntilAnswering("/healthcheck", port: port, log: "\(folder)/proxy.log", within: 90)
        }
        processes = [memcached] + servers
        port = ports[0]
        account = try StoreAccount(port: port, user: Self.user, key: Self.key)
        for container in StoreContainer.all { try account.makeContainer(container) }
    }

    var havenSettings: [String: String] {
        [
            "HAVEN_REGISTRY_STORAGE_PROVIDER_NAME": "swift",
            "HAVEN_REGISTRY_STORAGE_PROVIDER_CONFIG": "username: \(Self.user), password: \(Self.key), "
                + "authurl: http://127.0.0.1:\(port)/auth/v1.0, container: \(StoreContainer.haven)",
        ]
    }

    var dockerRegistrySettings: String {
        "swift: {username: \"\(Self.user)\", password: \(Self.key), authurl: \"http://127.0.0.1:\(port)/auth/v1.0\", "
            + "authversion: 1, container: \(StoreContainer.dockerRegistry)}"
    }

    private static func write(_ path: String, _ text: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private static let rings = """
        import sys
        from swift.common.ring import RingBuilder
        for kind, port in zip(('object', 'container', 'account'), sys.argv[2:]):
            ring = RingBuilder(4, 1, 1)
            ring.add_dev(dict(region=1, zone=1, ip='127.0.0.1', port=int(port), replication_ip='127.0.0.1',
                              replication_port=int(port), device='d1', weight=1.0, meta=''))
            ring.rebalance()
            ring.get_ring().save(f'{sys.argv[1]}/{kind}.ring.gz')
        """

    private static func service(_ name: String, _ folder: String, port: Int) -> String {
        """
        [DEFAULT]
        swift_dir = \(folder)
        devices = \(folder)/srv
        mount_check = false
        bind_ip = 127.0.0.1
        bind_port = \(port)
        user = \(NSUserName())
        workers = 0
        disable_fallocate = true
        fallocate_reserve = 0
        log_level = WARNING
        [pipeline:main]
        pipeline = healthcheck \(name)-server
        [app:\(name)-server]
        use = egg:swift#\(name)
        [filter:healthcheck]
        use = egg:swift#healthcheck
        """
    }

    private static func proxy(_ folder: String, port: Int, memcached: Int) -> String {
        let filters = ["catch_errors", "healthcheck", "cache", "tempauth", "copy", "slo", "dlo"]
        let plain = filters.filter { $0 != "cache" && $0 != "tempauth" }
            .map { "[filter:\($0)]\nuse = egg:swift#\($0)\n" }.joined()
        return """
            [DEFAULT]
            swift_dir = \(folder)
            bind_ip = 127.0.0.1
            bind_port = \(port)
            user = \(NSUserName())
            workers = 0
            log_level = WARNING
            [pipeline:main]
            pipeline = \(filters.joined(separator: " ")) proxy-server
            [app:proxy-server]
            use = egg:swift#proxy
            account_autocreate = true
            [filter:tempauth]
            use = egg:swift#tempauth
            user_bench_bench = \(key) .admin http://127.0.0.1:\(port)/v1/AUTH_bench
            [filter:cache]
            use = egg:swift#memcache
            memcache_servers = 127.0.0.1:\(memcached)
            \(plain)
            """
    }
}
