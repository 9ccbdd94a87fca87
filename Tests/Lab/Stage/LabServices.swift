// SPDX-License-Identifier: Apache-2.0
import Foundation
import SQLStorage
import Synchronization
import TestKit

/// What the guide takes for granted: the database, Redis, the object store. All real, on the host `services`.
///
/// They listen on free ports; the kernel of the host maps the ports that the guide prints to them.
final class LabServices: Sendable {
    enum DatabaseKind: String, CaseIterable, Sendable { case mariadb, postgresql }
    enum StoreKind: String, CaseIterable, Sendable { case swift, s3 }

    /// The database's servers: three of a Galera cluster, or a primary and its stand-by, in the order of their addresses.
    enum Database: Sendable {
        case mariadb(GaleraCluster)
        case postgresql([PostgreSQLServer], primary: Int)
    }

    let redis: RedisSentinels
    let store: LabStore
    private let current: Mutex<Database>

    private init(_ database: Database, _ redis: RedisSentinels, _ store: LabStore) {
        current = Mutex(database)
        self.redis = redis
        self.store = store
    }

    static func start(_ kind: DatabaseKind, _ store: StoreKind, in folder: String) async throws -> LabServices {
        async let database = startDatabase(kind, in: "\(folder)/database")
        async let redis = RedisSentinels(folder: "\(folder)/redis")
        async let objects = LabStore.start(store)
        let services = LabServices(try await database, try await redis, try await objects)
        try await services.publish()
        return services
    }

    var database: Database { current.withLock { $0 } }

    /// After a failover of PostgreSQL: the promoted server is the primary, and a new synchronous stand-by of it has the
    /// address of the lost one.
    func replaceLostPrimary() async throws {
        guard case .postgresql(var servers, let lost) = database else { return }
        let promoted = 1 - lost
        servers[lost] = try await servers[promoted].makeStandby("standby\(UInt32.random(in: .min ... .max))")
        try await servers[promoted].change("synchronous_standby_names", to: "'*'")
        let replaced = Database.postgresql(servers, primary: promoted)
        current.withLock { $0 = replaced }
        try await publish()
    }

    /// Opens the registry's database as the nodes do.
    func openDatabase() throws -> any SQLDatabase {
        let (kind, port): (TestDatabase, Int) =
            switch database {
            case .mariadb: (.galera, 3306)
            case .postgresql: (.postgresql, 5432)
            }
        let hosts = databasePorts.map { DatabaseServer.Host($0.address, port: port) }
        return try kind.open(DatabaseServer(hosts: hosts, user: "root", password: "root123", database: "registry"))
    }

    private static func startDatabase(_ kind: DatabaseKind, in folder: String) async throws -> Database {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        switch kind {
        case .mariadb:
            let cluster = try await GaleraCluster.start(in: folder)
            try await cluster.nodes[0].sql(
                "CREATE USER root@'%' IDENTIFIED BY 'root123'; GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION")
            return .mariadb(cluster)
        case .postgresql:
            let primary = try await PostgreSQLServer.start(in: folder, settings: ["fsync": "on"])
            try await primary.sql("CREATE ROLE root LOGIN PASSWORD 'root123' CREATEDB")
            let standby = try await primary.makeStandby()
            try await primary.change("synchronous_standby_names", to: "'*'")
            return .postgresql([primary, standby], primary: 0)
        }
    }

    /// Maps the ports of the guide to the servers.
    private func publish() async throws {
        let entries = (databasePorts + redisPorts + store.ports).map {
            "\($0.address) . \($0.port) : \(testAddress) . \($0.target)"
        }
        let rules = """
            table ip guide
            delete table ip guide
            table ip guide {
                map ports {
                    type ipv4_addr . inet_service : ipv4_addr . inet_service
                    elements = { \(entries.joined(separator: ", ")) }
                }
                chain incoming { type nat hook prerouting priority dstnat; dnat to ip daddr . tcp dport map @ports; }
                chain own { type nat hook output priority -100; dnat to ip daddr . tcp dport map @ports; }
            }
            """
        try await Tool("nft").check(["-f", "-"], input: rules)
    }

    private var databasePorts: [GuidePort] {
        let addresses = ["192.168.1.215", "192.168.1.213", "192.168.1.214"]
        switch database {
        case .mariadb(let cluster): return zip(addresses, cluster.nodes).map { GuidePort($0, 3306, to: $1.port) }
        case .postgresql(let servers, _): return zip(addresses, servers).map { GuidePort($0, 5432, to: $1.port) }
        }
    }

    private var redisPorts: [GuidePort] {
        zip(26379..., redis.ports).map { GuidePort("192.168.1.217", $0, to: $1) }
    }
}

/// A port as the guide prints it, and the one on which the server listens.
struct GuidePort: Sendable {
    let address: String
    let port: Int
    let target: Int

    init(_ address: String, _ port: Int, to target: Int) {
        (self.address, self.port, self.target) = (address, port, target)
    }
}

/// The object store, and how it is made slow, broken and unreachable.
struct LabStore: Sendable {
    let kind: LabServices.StoreKind
    let ports: [GuidePort]
    /// The port that clients talk to.
    private let port: Int
    /// The port of the server behind it that keeps the objects; nil when it has no port of its own.
    private let objectPort: Int?
    private let process: BackgroundProcess

    static func start(_ kind: LabServices.StoreKind) async throws -> LabStore {
        switch kind {
        case .swift:
            let store = try await SwiftStore.withKeystone()
            let login = GuidePort("192.168.1.216", 80, to: store.keystone?.port ?? 0)
            return LabStore(
                kind: kind, ports: [login], port: number(store.host), objectPort: store.objectPort, process: store.proxy
            )
        case .s3:
            let store = try await Radosgw.shared()
            let port = number(store.host)
            return LabStore(
                kind: kind, ports: [GuidePort("192.168.1.216", 80, to: port)], port: port, objectPort: nil,
                process: store.gateway)
        }
    }

    private static func number(_ host: String) -> Int { host.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    /// Lets it work one moment in five, so that every request takes much longer.
    func beSlow(for time: Duration) async throws {
        let end = ContinuousClock.now + time
        defer { process.signal(18) }  // SIGCONT
        while ContinuousClock.now < end {
            process.signal(19)  // SIGSTOP
            try await Task.sleep(for: .milliseconds(400))
            process.signal(18)
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Lets nothing reach it while `body` runs.
    func beGone(_ body: () async throws -> Void) async throws {
        try await withRule("chain in { type filter hook input priority 0; iif eth0 tcp dport \(port) drop; }", body)
    }

    /// Takes its disk away while `body` runs, so that it answers with errors of its own.
    func fail(_ body: () async throws -> Void) async throws {
        guard let objectPort else { throw ToolFailure(what: "\(kind) has no server behind it that could fail alone") }
        try await withRule(
            "chain own { type filter hook output priority 0; tcp dport \(objectPort) reject with tcp reset; }", body)
    }

    private func withRule(_ chain: String, _ body: () async throws -> Void) async throws {
        try await Tool("nft").check(["-f", "-"], input: "table inet fault {\n\(chain)\n}")
        do { try await body() } catch {
            try await Tool("nft").check("delete", "table", "inet", "fault")
            throw error
        }
        try await Tool("nft").check("delete", "table", "inet", "fault")
    }
}
