// SPDX-License-Identifier: Apache-2.0

import Access
import HavenServer
import Metadata
import SQLStorage

/// What the shared database says of the cluster that a node is about to join. Looking changes nothing.
struct ClusterLook: Sendable {
    /// Whether the database holds nothing yet.
    var isEmpty = false
    /// Whether it has another schema than this version's.
    var isOlder = false
    var nodes: [NodeRow] = []
    /// Whether the secret key of this host opens the cluster's secrets; nil while there are none.
    var opensSecrets: Bool?
    /// Whether the cluster has secrets and this host has no key.
    var lacksKey = false

    /// - Parameter keyFolder: The folder with the file `secretkey` that this node will have; nil when it has none yet.
    init(_ settings: Settings, keyFolder: String?) async throws {
        let database = try HavenNode.openDatabase(settings)
        do {
            try await look(at: database, keyFolder: keyFolder)
            await database.close()
        } catch {
            await database.close()
            throw error
        }
    }

    private mutating func look(at database: any SQLDatabase, keyFolder: String?) async throws {
        let status = try await SchemaCheck.explaining { try await Migrator(database).status() }
        isEmpty = status.allSatisfy { $0.appliedAt == nil }
        isOlder = !isEmpty && status.contains { $0.appliedAt == nil }
        if isEmpty || isOlder { return }
        let metadata = MetadataStore(database: database)
        nodes = try await metadata.read(.administration) { try $0.nodes() }
        guard let keyFolder else {
            lacksKey = try await SecretKey.isAwaited(by: metadata)
            return
        }
        opensSecrets = try await SecretKey.load(folder: keyFolder).opens(metadata)
    }
}

extension ClusterLook {
    /// What is wrong, and what is worth knowing, about joining this cluster.
    func findings(_ settings: Settings) -> [Finding] {
        [schema, secrets(settings.data.secretKeyFolder)] + versions(settings.cluster.goneAfter)
            + namesakes(settings.cluster)
    }

    private var schema: Finding {
        if isOlder {
            return Finding(
                .fault, "schema",
                "the database has the schema of an older version; run haven db migrate with this version once, then this again"
            )
        }
        return Finding(
            .good, "schema", isEmpty ? "the database is empty; the schema will be applied" : "it is already applied")
    }

    private func secrets(_ folder: String) -> Finding {
        let remedy = "copy the file secretkey of a running node to \(folder), or install from haven cluster bundle"
        if lacksKey {
            return Finding(
                .fault, "secrets", "the nodes of this database have secrets, and this host has no secretkey; \(remedy)",
                key: "secretkey_path")
        }
        if opensSecrets == false {
            return Finding(
                .fault, "secrets", "the secretkey of this host is another than that of the nodes; \(remedy)",
                key: "secretkey_path")
        }
        return Finding(.good, "secrets", opensSecrets == nil ? "there are none yet" : "they are those of the cluster")
    }

    private func versions(_ limit: Duration) -> [Finding] {
        let running = nodes.filter { $0.state != .stopped && !$0.isGone(after: limit) }
        return running.compactMap { node in
            if node.version == HavenVersion.number { return nil }
            let what = "the node \(node.name) runs version \(node.version), and this is \(HavenVersion.number)"
            return HavenVersion.isNewer(node.version)
                ? Finding(.fault, "version", "\(what); use the installer of the newer version")
                : Finding(.warning, "version", "\(what); upgrade the other nodes soon, one after another")
        }
    }

    /// Two nodes of one name cannot be told apart.
    private func namesakes(_ cluster: ClusterSettings) -> [Finding] {
        let others = nodes.filter {
            $0.name == cluster.nodeName && $0.state != .stopped && !$0.isGone(after: cluster.goneAfter)
        }
        if others.count < 2 { return [] }
        return [
            Finding(
                .warning, "name",
                "\(others.count) running nodes are called \(cluster.nodeName); give each a name of its own",
                key: "node_name")
        ]
    }
}

extension HavenVersion {
    /// Whether another version is newer than this program's, by semantic versioning's numbers.
    static func isNewer(_ other: String) -> Bool {
        func numbers(_ text: String) -> [Int] {
            text.prefix { $0 != "-" && $0 != "+" }.split(separator: ".").map { Int($0) ?? 0 }
        }
        return numbers(number).lexicographicallyPrecedes(numbers(other))
    }
}
