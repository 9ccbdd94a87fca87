// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Foundation
import OCI

/// Puts a backup into an empty place. The backup is looked at as a whole first, and only read.
///
/// The database comes last, under its name by a rename: before that there is no registry in the place.
package struct Restore: Sendable {
    private let places: BackupPlaces

    /// - Parameter places: Where the registry is to be. The caller keeps servers out of them.
    package init(to places: BackupPlaces) {
        self.places = places
    }

    /// Verifies the backup and copies it.
    ///
    /// - Returns: What the backup's summary says, and the locations of objects whose bytes are not those of their digest; they
    ///   are copied all the same, and a check with digests finds them.
    /// - Throws: ``BackupError``; when the backup is at fault, before anything is written.
    package func run(
        from folder: String, onProgress: @escaping @Sendable (StepProgress) -> Void = { _ in }
    ) async throws -> (summary: BackupSummary, changed: [String]) {
        try await onOwnThread { [self] in
            let layout = BackupLayout(folder: folder)
            let summary = try BackupSummary.read(layout)
            try verify(layout, summary, onProgress)
            try checkPlaces(layout)
            return (summary, try copy(layout, onProgress))
        }
    }

    private func verify(
        _ layout: BackupLayout, _ summary: BackupSummary, _ onProgress: (StepProgress) -> Void
    ) throws {
        for (path, file) in [(layout.database, summary.database), (layout.list, summary.list)]
        where try BackupFiles.digest(of: path) != file { throw BackupError.damaged(path) }
        var (count, bytes): (Int64, Int64) = (0, 0)
        try BackupObject.forEach(in: layout.list) { object in
            let file = try object.place(in: layout.store).file
            guard BackupFiles.size(of: file) == object.size else { throw BackupError.damaged(file) }
            count += 1
            bytes += object.size
            if count % 1_000 == 0 { onProgress(StepProgress(step: "verified objects", done: Int(count))) }
        }
        guard count == summary.objects, bytes == summary.objectBytes else { throw BackupError.damaged(layout.list) }
    }

    private func checkPlaces(_ layout: BackupLayout) throws {
        let ours: Set<String> = ["lost+found", "serve.lock", "secretkey"]
        for folder in [places.folder, places.store]
        where try !BackupFiles.names(in: folder, besides: ours).isEmpty {
            throw BackupError.notEmpty(folder)
        }
        if let key = FileManager.default.contents(atPath: places.secretKey),
            key != FileManager.default.contents(atPath: layout.secretKey)
        {
            throw BackupError.otherKey(places.secretKey)
        }
    }

    private func copy(_ layout: BackupLayout, _ onProgress: (StepProgress) -> Void) throws -> [String] {
        try BackupFiles.makeFolder(places.folder)
        let changed = try copyObjects(layout, onProgress)
        if BackupFiles.size(of: places.secretKey) == nil {
            let folder = (places.secretKey as NSString).deletingLastPathComponent
            try BackupFiles.makeFolder(folder)
            try BackupFiles.copy(layout.secretKey, to: places.secretKey)
            try BackupFiles.flush(folder: folder)
        }
        let partial = places.database + ".restoring"
        try BackupFiles.copy(layout.database, to: partial)
        guard rename(partial, places.database) == 0 else { throw BackupError.call("name", places.database) }
        try BackupFiles.flush(folder: places.folder)
        return changed
    }

    private func copyObjects(_ layout: BackupLayout, _ onProgress: (StepProgress) -> Void) throws -> [String] {
        var folders: Set<String> = []
        var changed: [String] = []
        var count = 0
        try BackupFiles.makeFolder(places.store)
        try BackupObject.forEach(in: layout.list) { object in
            let to = try object.place(in: places.store)
            if folders.insert(to.folder).inserted { try BackupFiles.makeFolder(to.folder) }
            let copied = try BackupFiles.copy(
                object.place(in: layout.store).file, to: to.file, object.digest.algorithm)
            if copied.digest != object.digest { changed.append(object.location) }
            count += 1
            if count % 100 == 0 { onProgress(StepProgress(step: "objects", done: count)) }
        }
        try BackupFiles.flush(folders, upTo: places.store)
        return changed
    }
}
