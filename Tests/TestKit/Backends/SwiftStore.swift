// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// OpenStack Swift with one disk: with accounts of its own (tempauth) and S3 beside them, or behind Keystone.
///
/// One of each kind for the whole test process, started by the first who asks, dead with the process.
package final class SwiftStore: Sendable {
    /// `host:port`
    package let host: String
    package let keystone: Keystone?
    /// The port of the server behind the proxy that keeps the objects.
    package let objectPort: Int
    private let processes: [BackgroundProcess]

    /// The server that clients talk to.
    package var proxy: BackgroundProcess { processes[processes.count - 1] }

    /// The accounts of the store without Keystone, which are its keys for S3, too.
    package static let (user, key) = ("test:tester", "testing")
    /// Another account with the same key, which may read the container and not write.
    package static let reader = "test:reader"
    /// The container, or bucket, that was made for the tests; each takes a folder of its own inside.
    package static let container = "haven"

    private init(host: String, objectPort: Int, keystone: Keystone?, processes: [BackgroundProcess]) {
        self.host = host
        self.objectPort = objectPort
        self.keystone = keystone
        self.processes = processes
    }

    package var url: String { "http://\(host)" }

    private static let starting = Task { try await SwiftStore.start(in: SharedFolder.make(), keystone: nil) }
    private static let startingWithKeystone = Task {
        let keystone = try await Keystone.start(in: SharedFolder.make())
        let store = try await SwiftStore.start(in: SharedFolder.make(), keystone: keystone)
        try await keystone.seed(storeURL: store.url)
        return store
    }

    package static func tempauth() async throws -> SwiftStore { try await starting.value }

    package static func withKeystone() async throws -> SwiftStore { try await startingWithKeystone.value }

    private static func start(in folder: String, keystone: Keystone?) async throws -> SwiftStore {
        let ports = try (0..<5).map { _ in try freePort() }
        try FileManager.default.createDirectory(atPath: "\(folder)/srv/d1", withIntermediateDirectories: true)
        let account = try await Tool("id").check("-un").filter { !$0.isNewline }
        let servers = ["object", "container", "account"]
        try writeFile("\(folder)/rings.py", rings)
        try await Tool("/usr/bin/python3").check(["\(folder)/rings.py", folder] + ports[1...3].map(String.init))
        for (server, port) in zip(servers, ports[1...]) {
            try writeFile(
                "\(folder)/\(server).conf", "[DEFAULT]", "swift_dir = \(folder)", "devices = \(folder)/srv",
                "mount_check = false", "bind_ip = \(testAddress)", "bind_port = \(port)", "user = \(account)",
                "workers = 0",
                "disable_fallocate = true", "fallocate_reserve = 0", "conn_timeout = 20", "node_timeout = 60",
                "log_level = WARNING", "[pipeline:main]",
                "pipeline = \(server)-server", "[app:\(server)-server]", "use = egg:swift#\(server)")
        }
        try writeFile(
            "\(folder)/proxy.conf",
            proxy(folder, port: ports[0], memcached: ports[4], account: account, keystone: keystone))
        var processes = [
            try await BackgroundProcess(
                Tool("memcached"),
                ["-u", account, "-l", testAddress, "-p", "\(ports[4])", "-m", "64", "-U", "0"],
                logPath: "\(folder)/memcached.log")
        ]
        for server in servers + ["proxy"] {
            processes.append(
                try await BackgroundProcess(
                    Tool("swift-\(server)-server"), ["\(folder)/\(server).conf", "-v"],
                    logPath: "\(folder)/\(server).log"))
        }
        for (process, port) in zip(processes[1...], Array(ports[1...3]) + [ports[0]]) {
            try await ready("http://\(testAddress):\(port)/healthcheck", process)
        }
        let store = SwiftStore(
            host: "\(testAddress):\(ports[0])", objectPort: ports[1], keystone: keystone, processes: processes)
        if keystone == nil { try await store.makeContainer() }
        return store
    }

    /// Logs in as the test account, makes the container, and gives the account a key for signed addresses.
    private func makeContainer() async throws {
        var login = HTTPClientRequest(url: "\(url)/auth/v1.0")
        login.headers.add(name: "X-Auth-User", value: Self.user)
        login.headers.add(name: "X-Auth-Key", value: Self.key)
        let answer = try await HTTPClient.shared.execute(login, timeout: .seconds(30))
        guard let token = answer.headers.first(name: "x-auth-token"),
            let storage = answer.headers.first(name: "x-storage-url")
        else { throw ToolFailure(what: "swift does not let \(Self.user) in: \(answer.status)") }
        for (method, path) in [(HTTPMethod.PUT, "/\(Self.container)"), (.POST, "")] {
            var request = HTTPClientRequest(url: storage + path)
            request.method = method
            request.headers.add(name: "X-Auth-Token", value: token)
            if method == .PUT { request.headers.add(name: "X-Container-Read", value: "\(Self.reader),.rlistings") }
            if method == .POST { request.headers.add(name: "X-Account-Meta-Temp-URL-Key", value: "signing key") }
            let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            guard (200...299).contains(answer.status.code) else {
                throw ToolFailure(what: "swift \(method) \(path): \(answer.status)")
            }
        }
    }

    private static let rings = """
        import sys
        from swift.common.ring import RingBuilder
        folder = sys.argv[1]
        for kind, port in zip(('object', 'container', 'account'), sys.argv[2:]):
            ring = RingBuilder(4, 1, 1)
            ring.add_dev(dict(region=1, zone=1, ip='\(testAddress)', port=int(port), replication_ip='\(testAddress)',
                              replication_port=int(port), device='d1', weight=1.0, meta=''))
            ring.rebalance()
            ring.get_ring().save(f'{folder}/{kind}.ring.gz')
        """

    private static func proxy(
        _ folder: String, port: Int, memcached: Int, account: String, keystone: Keystone?
    ) -> String {
        let login = keystone == nil ? "s3api tempauth" : "authtoken keystoneauth"
        let plain = [
            "catch_errors", "gatekeeper", "healthcheck", "proxy-logging", "listing_formats", "bulk", "copy", "slo",
            "dlo", "symlink",
        ].map { name in
            let entry = name.map { $0 == "-" ? "_" : String($0) }.joined()
            return "[filter:\(name)]\nuse = egg:swift#\(entry)\n"
        }
        return """
            [DEFAULT]
            swift_dir = \(folder)
            bind_ip = \(testAddress)
            bind_port = \(port)
            user = \(account)
            workers = 0
            log_level = WARNING
            [pipeline:main]
            pipeline = catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl \(login) \
            copy slo dlo symlink proxy-logging proxy-server
            [app:proxy-server]
            use = egg:swift#proxy
            account_autocreate = true
            # A busy machine is slow, and its only disk must not be taken for broken.
            conn_timeout = 20
            node_timeout = 60
            recoverable_node_timeout = 60
            error_suppression_limit = 1000000
            [filter:tempauth]
            use = egg:swift#tempauth
            user_test_tester = testing .admin $HOST/v1/AUTH_test
            user_test_reader = testing $HOST/v1/AUTH_test
            [filter:authtoken]
            paste.filter_factory = keystonemiddleware.auth_token:filter_factory
            www_authenticate_uri = \(keystone?.url ?? "")/v3
            auth_url = \(keystone?.url ?? "")/v3
            auth_type = password
            project_domain_id = default
            user_domain_id = default
            project_name = service
            username = swift
            password = swiftpw
            delay_auth_decision = true
            cache = swift.cache
            include_service_catalog = false
            [filter:keystoneauth]
            use = egg:swift#keystoneauth
            operator_roles = admin, member
            [filter:s3api]
            use = egg:swift#s3api
            location = us-east-1
            min_segment_size = 65536
            [filter:cache]
            use = egg:swift#memcache
            memcache_servers = \(testAddress):\(memcached)
            [filter:tempurl]
            use = egg:swift#tempurl
            allowed_digests = sha256 sha512
            \(plain.joined())
            """
    }
}
