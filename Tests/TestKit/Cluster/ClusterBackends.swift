// SPDX-License-Identifier: Apache-2.0
import Foundation
package import SQLStorage

/// The databases that clusters are tested on.
package enum ClusterDatabase: String, Sendable, CaseIterable {
    case postgresql, galera

    /// An empty database on the server that all tests of the process share.
    package func make() async throws -> DatabaseServer {
        switch self {
        case .postgresql: try await PostgreSQLServer.shared.makeDatabase()
        case .galera: try await GaleraCluster.shared.makeDatabase()
        }
    }

    /// How many rows a table has in a database of the shared server, seen by its own client.
    package func count(_ table: String, in database: String) async throws -> Int {
        let text =
            switch self {
            case .postgresql:
                try await PostgreSQLServer.shared.sql("SELECT COUNT(*) FROM \(table)", in: database)
            case .galera:
                try await GaleraCluster.shared.nodes[0].sql(
                    "SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*) FROM \(database).\(table)")
            }
        guard let count = Int(text.filter(\.isNumber)) else { throw ToolFailure(what: "no count: \(text)") }
        return count
    }

    /// The lines of `haven.cfg` for a database of this kind.
    package func settings(_ place: DatabaseServer) -> [String: String] {
        [
            "db_type": self == .postgresql ? "postgresql" : "mariadb",
            "db_host": place.hosts.map(\.description).joined(separator: ","), "db_user": place.user,
            "db_password": place.password ?? "", "db_name": place.database,
        ]
    }
}

/// The stores that clusters are tested on, on servers that all tests of the process share.
package enum ClusterStore: String, Sendable, CaseIterable {
    case filesystem, swift, s3

    /// Where the store listens, as `host:port`; nil for files.
    package func host() async throws -> String? {
        switch self {
        case .filesystem: nil
        case .swift: try await SwiftStore.tempauth().host
        case .s3: try await Radosgw.shared().host
        }
    }

    /// The lines of `haven.cfg` for an empty store.
    ///
    /// - Parameters:
    ///   - folder: Where files are kept; its name is the store's own folder in a bucket.
    ///   - host: What stands before the store, such as a ``StoreProxy``; nil goes to the store itself.
    package func settings(in folder: String, through host: String? = nil) async throws -> [String: String] {
        let root = "rootdirectory: /\(folder.split(separator: "/").last ?? "")"
        let own = try await self.host()
        guard let host = host ?? own else {
            return ["registry_storage_provider_config": "rootdirectory: \(folder)/blobs"]
        }
        let access =
            if self == .swift {
                "username: \(SwiftStore.user), password: \(SwiftStore.key), authurl: http://\(host)/auth/v1.0, "
                    + "container: \(SwiftStore.container)"
            } else {
                "accesskey: \(try await Radosgw.shared().accessKey), secretkey: \(try await Radosgw.shared().secretKey), "
                    + "region: us-east-1, regionendpoint: http://\(host), bucket: \(try await Radosgw.shared().bucket)"
            }
        return [
            "registry_storage_provider_name": rawValue, "registry_storage_provider_config": "\(access), \(root)",
            // What goes wrong between node and store is what these tests are about; clients ask nodes alone.
            "registry_storage_redirect": "off",
        ]
    }
}

extension ClusterStore {
    /// Takes the bytes of a blob away behind everybody's back.
    ///
    /// - Parameter folder: As for ``settings(in:through:)``.
    package func lose(_ blob: TestBlob, in folder: String) async throws {
        let name = String(folder.split(separator: "/").last ?? "")
        switch self {
        case .filesystem:
            let root = "\(folder)/blobs"
            let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
            let content = Data(blob.bytes)
            for file in files where FileManager.default.contents(atPath: "\(root)/\(file)") == content {
                try FileManager.default.removeItem(atPath: "\(root)/\(file)")
            }
        case .swift:
            let host = try await SwiftStore.tempauth().host
            try await StoredObjects(
                host: host, user: SwiftStore.user, key: SwiftStore.key, container: SwiftStore.container
            ).delete(below: name, size: blob.size)
        case .s3:
            let gateway = try await Radosgw.shared()
            try await StoredObjects(
                host: gateway.host, user: gateway.swiftUser, key: gateway.swiftKey, container: gateway.bucket
            ).delete(below: name, size: blob.size)
        }
    }
}

/// A database and a store that nodes share.
package struct ClusterPair: Sendable, CustomStringConvertible {
    package let database: ClusterDatabase
    package let store: ClusterStore

    package init(_ database: ClusterDatabase, _ store: ClusterStore) {
        self.database = database
        self.store = store
    }

    package var description: String { "\(database) and \(store)" }

    /// Every database with every store.
    package static let all = ClusterDatabase.allCases.flatMap { database in
        ClusterStore.allCases.map { ClusterPair(database, $0) }
    }

    /// The pairs that a test runs on: those it names, or with `HAVEN_TEST_BACKENDS` all.
    package static func some(_ pairs: ClusterPair...) -> [ClusterPair] { isEverything ? all : pairs }

    /// The same for a test that stands between the nodes and their store, which files do not allow.
    package static func behindHTTP(_ pairs: ClusterPair...) -> [ClusterPair] {
        (isEverything ? all : pairs).filter { $0.store != .filesystem }
    }

    /// The stores that a test runs on whose database is its own: those it names, or with `HAVEN_TEST_BACKENDS` all.
    package static func stores(_ stores: ClusterStore...) -> [ClusterStore] {
        isEverything ? ClusterStore.allCases : stores
    }

    private static let isEverything = !(ProcessInfo.processInfo.environment["HAVEN_TEST_BACKENDS"] ?? "").isEmpty
}

/// Runs `body` with a fresh cluster over a new database and a new store.
package func withCluster<Result>(
    of count: Int, on pair: ClusterPair, settings: [String: String] = [:],
    environment: @Sendable @escaping (_ node: Int) -> [String: String?] = { _ in [:] },
    _ body: (HavenCluster) async throws -> Result
) async throws -> Result {
    let place = pair.database.settings(try await pair.database.make())
    return try await withCluster(
        of: count, on: place, pair.store, settings: settings, environment: environment, body)
}

/// The same over a database that the test breaks itself.
package func withCluster<Result>(
    of count: Int, on place: [String: String], _ store: ClusterStore, settings: [String: String] = [:],
    environment: @Sendable @escaping (_ node: Int) -> [String: String?] = { _ in [:] },
    _ body: (HavenCluster) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        let all = place.merging(try await store.settings(in: folder)) { $1 }.merging(settings) { $1 }
        return try await withCluster(of: count, on: all, environment: environment, body)
    }
}

/// The same with a proxy between the nodes and their store, which must not be files.
package func withProxiedCluster<Result>(
    of count: Int, on pair: ClusterPair, _ body: (HavenCluster, StoreProxy) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        let proxy = try StoreProxy(to: try await pair.store.host() ?? "")
        defer { proxy.close() }
        let place = pair.database.settings(try await pair.database.make())
        let store = try await pair.store.settings(in: folder, through: proxy.host)
        return try await withCluster(of: count, on: place.merging(store) { $1 }) { cluster in
            try await body(cluster, proxy)
        }
    }
}
