// SPDX-License-Identifier: Apache-2.0

import BlobStorage

/// Where a registry on the embedded database and the filesystem store keeps what a backup holds.
package struct BackupPlaces: Sendable {
    /// The folder of everything but what the others name.
    package let folder: String
    /// The database's file.
    package let database: String
    /// The root of the store.
    package let store: String
    /// The file of the secret key.
    package let secretKey: String

    /// Names the places.
    package init(folder: String, database: String, store: String, secretKey: String) {
        self.folder = folder
        self.database = database
        self.store = store
        self.secretKey = secretKey
    }
}

extension BackupObject {
    /// The object's file in a store, and its folder.
    ///
    /// - Throws: ``BackupError/damaged(_:)`` for a name that leads out of the store.
    func place(in store: String) throws(BackupError) -> (file: String, folder: String) {
        let location = BlobLocation(rawValue: location)
        guard location.isWellFormed, let slash = location.rawValue.lastIndex(of: "/") else {
            throw .damaged(location.rawValue)
        }
        return ("\(store)/\(location)", "\(store)/\(location.rawValue[..<slash])")
    }
}
