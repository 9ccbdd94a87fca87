// SPDX-License-Identifier: Apache-2.0
package import Access
package import BlobStorage
import Cache
package import Lifecycle
package import Logging
package import Metadata
package import Registry
package import SQLStorage

/// The parts of one node, made of its settings: what `haven serve` runs and what every other command acts on.
///
/// This is the parts list of Haven, to be read from top to bottom. Nothing here listens; ``HavenServer`` adds that.
package struct HavenNode: Sendable {
    package let settings: Settings
    package let database: any SQLDatabase
    package let metadata: MetadataStore
    package let blobs: any BlobStore
    package let access: AccessService
    package let registry: RegistryService
    /// What the nodes share besides database and store; nil without Redis.
    package let redis: NodeRedis?
    package let times: Times
    package let identity: NodeIdentity
    package let logger: Logger
    private let faults: FaultPoints

    /// Opens a node's database, store and keys, making what an empty machine lacks.
    ///
    /// An empty database is migrated, and an older embedded one after it was copied aside; an older served one is refused,
    /// because other nodes may use it. Several processes may open one node: a running server sees what a command changes.
    ///
    /// - Parameters:
    ///   - faults: Named points at which tests make the process fail; none in production.
    /// - Throws: What the parts throw; nothing stays open then.
    package static func open(
        _ settings: Settings, logger: Logger, faults: FaultPoints = .none
    ) async throws -> HavenNode {
        try PrivateFolder.ensure(settings.data.folder)
        let secretKey = try SecretKey.load(folder: settings.data.secretKeyFolder)
        if secretKey.isOpenToOthers {
            logger.warning(
                "the secret key is readable by others; chmod 600 it",
                metadata: ["folder": "\(settings.data.secretKeyFolder)"])
        }
        let database = try openDatabase(settings)
        do {
            return try await assemble(settings, database, secretKey, logger: logger, faults: faults)
        } catch {
            await database.close()
            throw error
        }
    }

    /// Opens the database alone, as it is. A served one is not asked before it is used.
    package static func openDatabase(_ settings: Settings) throws -> any SQLDatabase {
        var options = DatabaseServerOptions()
        options.connections = settings.database.connections
        switch (settings.database.kind, settings.database.server) {
        case (.postgresql, let server?): return PostgreSQLDatabase(server, options: options)
        case (.mariadb, let server?): return MariaDBDatabase(server, options: options)
        default:
            try PrivateFolder.ensure(settings.data.folder)
            return try SQLiteDatabase(path: settings.databasePath)
        }
    }

    private static func assemble(
        _ settings: Settings, _ database: any SQLDatabase, _ secretKey: SecretKey, logger: Logger, faults: FaultPoints
    ) async throws -> HavenNode {
        for migration in try await SchemaCheck.prepare(database) {
            logger.notice("migrated", metadata: ["migration": "\(migration.number) \(migration.title)"])
        }
        // The embedded database goes with this machine only; a server may be away while the node is well.
        let watch = settings.database.kind == .sqlite ? nil : DatabaseWatch(settings.cluster, logger)
        let metadata = MetadataStore(database: database, node: settings.cluster.nodeName, watch: watch)
        for weakness in try await metadata.read(.administration, { try $0.durability() }) {
            logger.warning("the database promises less than pushes do", metadata: ["error": "\(weakness.text)"])
        }
        let blobs = try await settings.openBlobs(logger: logger, clock: metadata.clock, faults: faults)
        let redis = try settings.redis.configuration.map { configuration throws(StartFault) in
            try NodeRedis(configuration, secretKey: secretKey, logger: logger)
        }
        let access = AccessService(
            metadata: metadata, secretKey: secretKey, settings: settings.accessSettings, shared: redis?.cache,
            wakeups: redis?.wakeups ?? MemoryWakeups(),
            clock: AccessClock(now: { metadata.clock.microseconds }, instant: { .now }))
        let times = settings.times
        // Every push passes these rules, in this order, in its own transaction. Quota is charged by the rows themselves.
        let rules: [any TagRule] = [ImmutableTagRule()]
        let registry = RegistryService(
            metadata: metadata, blobs: blobs, rules: rules,
            policy: RegistryPolicy(
                times: times, blobBytesAtMost: settings.limits.maxBlobBytes,
                manifestCacheBytes: Int(settings.limits.manifestCacheBytes),
                staleTags: watch == nil ? .zero : settings.cluster.staleTags,
                staleDigests: watch == nil ? .zero : settings.cluster.staleDigests),
            shared: redis?.cache, logger: logger, faults: faults)
        return HavenNode(
            settings: settings, database: database, metadata: metadata, blobs: blobs, access: access,
            registry: registry, redis: redis, times: times, identity: NodeIdentity(settings), logger: logger,
            faults: faults)
    }

    /// Makes the administrator and the first rows where they are missing.
    ///
    /// - Throws: ``SettingsError`` when `harbor_admin_password` is no password that may be used.
    package func prepare() async throws -> FirstRows {
        let password = settings.identity.adminPassword?.reveal()
        do throws(AccessError) {
            return try await access.prepare(adminPassword: password)
        } catch {
            guard case .passwordRefused = error else { throw error }
            let key = "harbor_admin_password"
            let source = settings.described.first { $0.key == key }?.source
            throw SettingsError(faults: [SettingFault(key: key, source: source, message: error.message)])
        }
    }

    /// The collector of this node; any number may run, in any process.
    ///
    /// - Parameter removingUntagged: Whether manifests without a tag go too, unless an index or a subject keeps them.
    package func collector(removingUntagged: Bool = false) -> Collector {
        var policy = CollectionPolicy(times: times)
        policy.removesUntagged = removingUntagged
        return Collector(metadata: metadata, blobs: blobs, policy: policy, faults: faults)
    }

    /// Closes everything, files first, the database last.
    package func close() async {
        await registry.close()
        await blobs.close()
        await database.close()
    }
}

extension Settings {
    /// The file of the embedded database.
    package var databasePath: String { "\(data.folder)/haven.db" }

    /// The spans of time behind leases and grace periods.
    package var times: Times {
        Times(
            lease: lifecycle.leaseLife.microseconds, uploadLife: lifecycle.uploadLife.microseconds,
            readGrace: lifecycle.readGrace.microseconds,
            clockSpread: lifecycle.clockSpread.microseconds)
    }

    var accessSettings: AccessSettings {
        var access = AccessSettings()
        access.algorithm = identity.tokenAlgorithm
        access.tokenLifetime = identity.tokenLife
        access.staleRights = database.kind == .sqlite ? .zero : cluster.staleDigests
        // Nobody else must learn of a new key where there is one node.
        if database.kind == .sqlite { access.keyIntroduction = .zero }
        return access
    }
}

extension DatabaseWatch {
    /// Tells the log of every change.
    fileprivate convenience init(_ settings: ClusterSettings, _ logger: Logger) {
        self.init(
            holdLimit: settings.outagePatience,
            onChange: { mode in
                switch mode {
                case .normal: logger.notice("the database takes writes again")
                case .readOnly: logger.error("the database takes no writes: pulls go on, pushes wait for a while")
                case .outage:
                    logger.error("the database is out of reach: pulls are answered from what this node last knew")
                }
            })
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
