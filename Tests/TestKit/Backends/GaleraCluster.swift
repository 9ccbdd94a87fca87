// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
package import SQLStorage

/// A throw-away Galera cluster of three MariaDB nodes on the loopback interface.
///
///     let cluster = try await GaleraCluster.shared
///     let all = try await cluster.makeDatabase()             // any of the nodes, the first preferred
///     let second = cluster.nodes[1].database(named: all.database)
package final class GaleraCluster: Sendable {
    package let nodes: [MariaDBServer]

    private static let started = Task { try await GaleraCluster.start(in: ProcessEnd.makeFolder()) }

    /// The cluster that tests share; it runs until the process ends. Nobody stops a node of it.
    package static var shared: GaleraCluster {
        get async throws { try await started.value }
    }

    private init(nodes: [MariaDBServer]) {
        self.nodes = nodes
    }

    /// Makes and starts three nodes, one after the other, which takes a quarter of a minute.
    package static func start(in folder: String) async throws -> GaleraCluster {
        chmod(folder, 0o755)
        let group = try (0..<3).map { _ in try freePort() }
        var nodes: [MariaDBServer] = []
        for index in 0..<3 {
            let own = "\(folder)/n\(index + 1)"
            try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
            let node = try await MariaDBServer(preparedIn: own, settings: settings(index, group))
            if index == 0 { try await node.install() }
            try await node.start(index == 0 ? ["--wsrep-new-cluster"] : [])
            if index == 0 { try await node.makeAccount() }
            nodes.append(node)
        }
        return GaleraCluster(nodes: nodes)
    }

    private static func settings(_ index: Int, _ group: [Int]) throws -> [String: String] {
        let options = [
            "base_host=\(testAddress)", "base_port=\(group[index])",
            "gmcast.listen_addr=tcp://\(testAddress):\(group[index])",
            "ist.recv_addr=\(testAddress):\(try freePort())", "gcache.size=16M", "evs.keepalive_period=PT0.5S",
            // A machine busy with tests lets a node wait for seconds, and that is no failure.
            "evs.suspect_timeout=PT8S", "evs.inactive_timeout=PT16S",
        ]
        return [
            "wsrep_on": "ON", "wsrep_provider": "/usr/lib/galera/libgalera_smm.so", "wsrep_cluster_name": "haven",
            "wsrep_cluster_address": "gcomm://" + group.map { "\(testAddress):\($0)" }.joined(separator: ","),
            "wsrep_node_name": "n\(index + 1)", "wsrep_node_address": testAddress, "wsrep_sst_method": "rsync",
            "wsrep_sst_receive_address": "\(testAddress):\(try freePort())",
            "wsrep_provider_options": "\"\(options.joined(separator: ";"))\"",
            "binlog_format": "ROW", "default_storage_engine": "InnoDB", "innodb_autoinc_lock_mode": "2",
            "innodb_flush_log_at_trx_commit": "0",
        ]
    }

    /// Makes an empty database on all nodes and says how Haven comes in to any of them.
    package func makeDatabase() async throws -> DatabaseServer {
        var database = try await nodes[0].makeDatabase()
        for node in nodes {
            let isThere = try await eventually { (try? await node.sql("USE \(database.database)")) != nil }
            guard isThere else { throw ToolFailure(what: "a node does not get the new database:\n\(node.process.log)") }
        }
        database.hosts = nodes.map { .init(testAddress, port: $0.port) }
        return database
    }

    /// Removes a database from all nodes, whoever uses it.
    package func drop(_ database: DatabaseServer) async throws {
        try await nodes[0].drop(database)
    }

    /// Stops all nodes, the first last.
    package func stop() async throws {
        for node in nodes.reversed() { try await node.process.stop() }
    }
}
