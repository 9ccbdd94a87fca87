// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

extension Scenario {
    /// While the database fails over, pulls go on; pushes wait or are told to come back.
    private static let failover = Promise(failedCommands: nil, pause: 2, figures: [pushes: 30])
    private static let pushes = "pushes again after"
    private static let none = Promise(failedRequests: 0, pause: 2)

    /// What happens to the database.
    static let databases = [
        Scenario(
            name: "database-kill",
            what: "PostgreSQL's primary is killed; its stand-by is promoted three seconds later.",
            promise: failover, isShort: true, hasLargePush: true, needs: "postgresql"
        ) { lab in
            let (servers, primary) = try lab.postgresql
            try await servers[primary].process.kill()
            try await Task.sleep(for: .seconds(3))
            try await servers[1 - primary].promote()
            let time = try await lab.awaitPush()
            try await lab.services.replaceLostPrimary()
            return [Figure(pushes, time)]
        },
        Scenario(
            name: "database-hang", what: "PostgreSQL's primary stands still for eight seconds, and goes on.",
            promise: failover, hasLargePush: true, needs: "postgresql"
        ) { lab in
            let (servers, primary) = try lab.postgresql
            servers[primary].process.pause()
            try await Task.sleep(for: duration)
            servers[primary].process.resume()
            return [Figure(pushes, try await lab.awaitPush())]
        },
        Scenario(
            name: "database-read-only", what: "PostgreSQL's primary takes no writes for eight seconds.",
            promise: failover,
            needs: "postgresql"
        ) { lab in
            let (servers, primary) = try lab.postgresql
            try await servers[primary].change("default_transaction_read_only", to: "on")
            try await Task.sleep(for: duration)
            try await servers[primary].change("default_transaction_read_only", to: "off")
            return [Figure(pushes, try await lab.awaitPush())]
        },
        Scenario(
            name: "database-node-kill", what: "The Galera node that is used is killed, and started again.",
            promise: failover, isShort: true, hasLargePush: true, needs: "mariadb"
        ) { lab in
            let cluster = try lab.galera
            try await cluster.nodes[0].process.kill()
            let time = try await lab.awaitPush()
            try await Task.sleep(for: duration)
            try await cluster.nodes[0].start()
            return [Figure(pushes, time)]
        },
        Scenario(
            name: "database-node-hang",
            what: "The Galera node that is used stands still for eight seconds, and goes on.",
            promise: failover, needs: "mariadb"
        ) { lab in
            let cluster = try lab.galera
            cluster.nodes[0].process.pause()
            try await Task.sleep(for: duration)
            cluster.nodes[0].process.resume()
            return [Figure(pushes, try await lab.awaitPush())]
        },
        Scenario(
            name: "database-quorum",
            what: "Two of three Galera nodes are killed; the third is told to go on alone, and the two come back.",
            promise: failover, needs: "mariadb"
        ) { lab in
            let cluster = try lab.galera
            for node in cluster.nodes[..<2] { try await node.process.kill() }
            try await Task.sleep(for: .seconds(20))
            try await cluster.nodes[2].sql("SET GLOBAL wsrep_provider_options='pc.bootstrap=YES'")
            let time = try await lab.awaitPush()
            for node in cluster.nodes[..<2] { try await node.start() }
            return [Figure(pushes, time)]
        },
    ]

    /// What happens to Redis.
    static let caches = [
        Scenario(
            name: "redis-failover", what: "Redis' primary is killed; the sentinels promote its replica.", promise: none,
            isShort: true
        ) { lab in
            let servers = lab.services.redis.servers
            try await servers[0].kill()
            try await lab.services.redis.waitUntilPrimary(servers[1])
            try await servers[0].start()
            return []
        },
        Scenario(name: "redis-kill", what: "All of Redis is killed, and started again.", promise: none) { lab in
            let servers = lab.services.redis.servers
            for server in servers { try await server.kill() }
            try await Task.sleep(for: duration)
            for server in servers { try await server.start() }
            return []
        },
        Scenario(name: "redis-hang", what: "All of Redis stands still for eight seconds.", promise: none) { lab in
            let servers = lab.services.redis.servers
            for server in servers { server.pause() }
            try await Task.sleep(for: duration)
            for server in servers { server.resume() }
            return []
        },
    ]

    /// What happens to the object store: what is read from it waits or fails, and comes back with it.
    static let stores = [
        Scenario(
            name: "store-slow", what: "The object store works one moment in five, for eight seconds.",
            promise: Promise(),
            hasLargePush: true
        ) { lab in
            try await lab.services.store.beSlow(for: duration)
            return []
        },
        Scenario(
            name: "store-fail", what: "The object store answers with errors of its own for eight seconds.",
            promise: Promise(failedCommands: nil), needs: "swift"
        ) { lab in
            try await lab.services.store.fail { try await Task.sleep(for: duration) }
            return [Figure(pushes, try await lab.awaitPush())]
        },
        Scenario(
            name: "store-gone", what: "The object store cannot be reached for eight seconds, and can be again.",
            promise: Promise(failedCommands: nil)
        ) { lab in
            try await lab.services.store.beGone { try await Task.sleep(for: duration) }
            return [Figure(pushes, try await lab.awaitPush())]
        },
    ]
}

extension Lab {
    /// PostgreSQL's servers and the place of the primary among them.
    fileprivate var postgresql: (servers: [PostgreSQLServer], primary: Int) {
        get throws {
            guard case .postgresql(let servers, let primary) = services.database else {
                throw ToolFailure(what: "the database is not PostgreSQL")
            }
            return (servers, primary)
        }
    }

    fileprivate var galera: GaleraCluster {
        get throws {
            guard case .mariadb(let cluster) = services.database else {
                throw ToolFailure(what: "the database is not MariaDB")
            }
            return cluster
        }
    }
}
