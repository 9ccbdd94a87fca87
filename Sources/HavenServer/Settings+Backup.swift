// SPDX-License-Identifier: Apache-2.0

package import Lifecycle
package import SQLStorage

extension Settings {
    /// What a backup holds, and where a restored one goes.
    package var backupPlaces: BackupPlaces {
        let key = data.secretKeyFolder
        return BackupPlaces(
            folder: data.folder, database: databasePath, store: data.storageRoot,
            secretKey: key.hasSuffix("/") ? "\(key)secretkey" : "\(key)/secretkey")
    }

    /// Makes the data folder when absent and keeps servers out of it while the lock is held.
    ///
    /// - Throws: ``StartFault/inUse(_:)`` when a server runs there.
    package func lockData() throws -> AdvisoryLock {
        try PrivateFolder.ensure(data.folder)
        return try AdvisoryLock(servingFrom: data.folder)
    }

    /// Whether a server serves from the data folder now.
    package var isServed: Bool { DataPlace(data.folder, holdsDatabase: false).isServed }
}
