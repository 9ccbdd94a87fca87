// SPDX-License-Identifier: Apache-2.0

/// Several real `haven serve` over one database, one store and one secret key, as the nodes of a registry.
///
///     try await withCluster(of: 2, on: settings) { cluster in
///         try await cluster.clients[0].push(image, to: "library/app", at: "v1")
///         …cluster.clients[1]…
///     }
package final class HavenCluster: Sendable {
    package let nodes: [HavenProcess]
    /// One client of each node, with the administrator's rights.
    package let clients: [RegistryClient]
    /// The name of the database that all share.
    package let database: String

    init(nodes: [HavenProcess], database: String) {
        self.nodes = nodes
        self.database = database
        clients = nodes.map(\.client)
    }

    /// The nodes that run now.
    package var running: [HavenProcess] { nodes.filter(\.isRunning) }

    /// A token for administrators that every node takes, as the value of `Authorization`.
    package func token(_ scopes: [String]) async throws -> String {
        guard let node = running.first,
            let token = try await node.client.token(scopes: scopes).json?["token"] as? String
        else { throw ToolFailure(what: "no token for \(scopes)") }
        return "Bearer \(token)"
    }

    /// Settings that make everything happen in seconds.
    static let quick = [
        "drain_delay": "0s", "heartbeat_interval": "500ms", "gc_interval": "1s", "lease_life": "20s",
        "upload_life": "60s",
        "read_grace": "2s", "clock_spread": "0s", "disk_reserve": "0", "harbor_admin_password": "Correct-horse-1",
    ]

    /// Starts all nodes at the same moment.
    static func start(
        _ count: Int, in folder: String, _ settings: [String: String],
        environment: @Sendable @escaping (_ node: Int) -> [String: String?]
    ) async throws -> HavenCluster {
        let nodes = try await withThrowingTaskGroup(of: (Int, HavenProcess).self) { group in
            for number in 0..<count {
                group.addTask {
                    var own = quick.merging(settings) { $1 }
                    own["node_name"] = "node\(number + 1)"
                    own["secretkey_path"] = "\(folder)/secret"
                    let node = try await HavenProcess(
                        folder: "\(folder)/node\(number + 1)", settings: own, environment: environment(number))
                    return (number, node)
                }
            }
            return try await group.reduce(into: [Int: HavenProcess]()) { $0[$1.0] = $1.1 }
        }
        return HavenCluster(nodes: (0..<count).compactMap { nodes[$0] }, database: settings["db_name"] ?? "")
    }

    /// Ends all nodes, whatever state they are in.
    func stop() async throws {
        for node in nodes {
            node.signal(18)  // SIGCONT: one that is held still cannot end
            try await node.stop()
        }
    }
}

/// Runs `body` with a fresh cluster over backends that exist, then stops it, whatever happens.
///
/// - Parameters:
///   - settings: Where the database and the store are, and what differs from quick times.
///   - environment: Variables of each node, counted from 0.
package func withCluster<Result>(
    of count: Int, on settings: [String: String],
    environment: @Sendable @escaping (_ node: Int) -> [String: String?] = { _ in [:] },
    _ body: (HavenCluster) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        let cluster = try await HavenCluster.start(count, in: folder, settings, environment: environment)
        do {
            let result = try await body(cluster)
            try await cluster.stop()
            return result
        } catch {
            for node in cluster.nodes { print("--- end of a node's log ---\n\(node.log.suffix(3_000))\n---") }
            for node in cluster.nodes { try? await node.kill() }
            throw error
        }
    }
}
