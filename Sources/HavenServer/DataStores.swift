// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import Glibc
import Logging
package import Metadata
package import SQLStorage

/// The database and the store of the settings, for commands that look at them as they are: nothing is made or migrated.
package struct DataStores: Sendable {
    package let database: any SQLDatabase
    package let metadata: MetadataStore
    package let blobs: any BlobStore

    /// Opens what is there.
    ///
    /// - Throws: ``StartFault/file(_:)`` when there is no database, or one of another schema.
    package static func open(_ settings: Settings) async throws -> DataStores {
        let isEmbedded = settings.database.kind == .sqlite
        guard !isEmbedded || access(settings.databasePath, F_OK) == 0 else {
            throw StartFault.file("there is no registry in \(settings.data.folder); set data_volume to its folder")
        }
        let database = try HavenNode.openDatabase(settings)
        do {
            try await SchemaCheck.demandCurrent(database)
            let blobs = try await settings.openBlobs(logger: Logger(label: "haven"))
            return DataStores(database: database, metadata: MetadataStore(database: database), blobs: blobs)
        } catch {
            await database.close()
            throw error
        }
    }

    /// Closes both.
    package func close() async {
        await blobs.close()
        await database.close()
    }
}
