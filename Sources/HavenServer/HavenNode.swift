// SPDX-License-Identifier: Apache-2.0
package import Access
package import BlobStorage
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
    package let times: Times
    package let logger: Logger
    private let faults: FaultPoints

    /// Opens a node's database, store and keys, making what an empty machine lacks.
    ///
    /// An empty database is migrated, and an older embedded one after it was copied aside. Several processes may open one
    /// node: a running server sees what a command changes.
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

    /// Opens the database alone, as it is.
    package static func openDatabase(_ settings: Settings) throws -> any SQLDatabase {
        try PrivateFolder.ensure(settings.data.folder)
        return try SQLiteDatabase(path: settings.databasePath)
    }

    private static func assemble(
        _ settings: Settings, _ database: any SQLDatabase, _ secretKey: SecretKey, logger: Logger, faults: FaultPoints
    ) async throws -> HavenNode {
        for migration in try await Migrator(database).migrate() {
            logger.notice("migrated", metadata: ["migration": "\(migration.number) \(migration.title)"])
        }
        let metadata = MetadataStore(database: database)
        let blobs = try await settings.openBlobs(logger: logger, faults: faults)
        let access = AccessService(metadata: metadata, secretKey: secretKey, settings: settings.accessSettings)
        let times = settings.times
        // Every push passes these rules, in this order, in its own transaction. Quota is charged by the rows themselves.
        let rules: [any TagRule] = [ImmutableTagRule()]
        let registry = RegistryService(
            metadata: metadata, blobs: blobs, rules: rules,
            policy: RegistryPolicy(
                times: times, blobBytesAtMost: settings.limits.maxBlobBytes,
                manifestCacheBytes: Int(settings.limits.manifestCacheBytes)),
            logger: logger)
        return HavenNode(
            settings: settings, database: database, metadata: metadata, blobs: blobs, access: access,
            registry: registry,
            times: times, logger: logger, faults: faults)
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
            // One database, one clock: nothing to allow for.
            clockSpread: database.kind == .sqlite ? 0 : Times.standard.clockSpread)
    }

    var accessSettings: AccessSettings {
        var access = AccessSettings()
        access.algorithm = identity.tokenAlgorithm
        access.tokenLifetime = identity.tokenLife
        return access
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
