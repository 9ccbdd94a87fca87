// SPDX-License-Identifier: Apache-2.0

import Glibc
import Metadata
import OCI
package import SQLStorage

/// Copies a registry, also while it serves: the state of one moment, with everything it names.
///
/// Deletion of objects is held first. Then the database is copied as of one commit, and every object that copy names follows:
/// by a hard link on the same file system, else by its bytes. A hard link is as good as a copy against everything but a fault
/// of the disk, because a file that a row names is never written again; only its name is removed.
///
/// What was acknowledged before the backup began is in it. Open uploads are not; their clients begin them anew.
package struct Backup: Sendable {
    /// How long a hold lasts unless renewed, in microseconds.
    private static let holdLife: Int64 = .seconds(120)

    private let database: SQLiteDatabase
    private let metadata: MetadataStore
    private let places: BackupPlaces
    private let madeBy: String

    /// - Parameter version: The version of Haven, for the backup's summary.
    package init(database: SQLiteDatabase, places: BackupPlaces, version: String) {
        self.database = database
        self.metadata = MetadataStore(database: database)
        self.places = places
        self.madeBy = version
    }

    /// Makes a backup in a folder that is absent or empty. It is finished when `backup.json` is there, which comes last.
    ///
    /// - Throws: ``BackupError`` and what the database throws; then what was written is removed again.
    package func run(
        to folder: String, onProgress: @escaping @Sendable (StepProgress) -> Void = { _ in }
    ) async throws -> BackupSummary {
        let layout = BackupLayout(folder: folder)
        let lock = try await onOwnThread { [places] in try AdvisoryLock(backingUp: places.folder) }
        defer { withExtendedLifetime(lock) {} }
        try await onOwnThread {
            guard try BackupFiles.names(in: folder).isEmpty else { throw BackupError.notEmpty(folder) }
            try BackupFiles.makeFolder(folder)
        }
        do {
            return try await holdingBytes { try await copy(to: layout, onProgress) }
        } catch {
            await remove(layout)
            throw error
        }
    }

    private func holdingBytes<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
        let hold = Hold.new()
        try await metadata.write(.administration) { try $0.place(hold, life: Self.holdLife) }
        let outcome: Result<T, any Error>
        do {
            outcome = .success(try await renewing(hold, body))
        } catch {
            outcome = .failure(error)
        }
        // A hold that cannot be released ends by itself.
        _ = try? await metadata.write(.administration) { try $0.release(hold) }
        return try outcome.get()
    }

    private func renewing<T: Sendable>(
        _ hold: Hold, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                let result = try await body()
                try await renew(hold)
                return result
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(20))
                    try await renew(hold)
                }
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    private func renew(_ hold: Hold) async throws {
        let held = try await metadata.write(.administration) { try $0.renew(hold, life: Self.holdLife) }
        guard held else { throw BackupError.holdLost }
    }

    private func copy(
        to layout: BackupLayout, _ onProgress: @escaping @Sendable (StepProgress) -> Void
    ) async throws -> BackupSummary {
        let madeAt = try await metadata.read(.administration) { try $0.now() }
        onProgress(StepProgress(step: "database", done: 0))
        let copied = try await copyDatabase(to: layout.database)
        let snapshot = try SQLiteDatabase(path: copied.path)
        var summary = BackupSummary(
            madeBy: madeBy, madeAt: madeAt, database: copied.file, list: copied.file)
        do {
            try await copyObjects(of: MetadataStore(database: snapshot), to: layout, &summary, onProgress)
            await snapshot.close()
        } catch {
            await snapshot.close()
            await removeSnapshots()
            throw error
        }
        await removeSnapshots()
        try await finish(layout, summary)
        return summary
    }

    // MARK: the database

    private var snapshots: (whole: String, kept: String) {
        ("\(places.database).backup", "\(places.database).backup-kept")
    }

    /// Copies one committed state, takes out what is not backed up, and puts the result into the backup.
    ///
    /// The work is done beside the database, because the backup's folder may be on another machine, where SQLite cannot work.
    private func copyDatabase(to target: String) async throws -> (path: String, file: BackupDigest) {
        let (whole, kept) = snapshots
        do {
            try await database.backup(to: whole, replacing: true)
            let snapshot = try SQLiteDatabase(path: whole)
            do {
                try await MetadataStore(database: snapshot).write(.administration) { try $0.keepFinishedOnly() }
                // Copied once more, so that it is one file without a log beside it.
                try await snapshot.backup(to: kept, replacing: true)
                await snapshot.close()
            } catch {
                await snapshot.close()
                throw error
            }
            return (kept, try await onOwnThread { try BackupFiles.copy(kept, to: target) })
        } catch {
            await removeSnapshots()
            throw error
        }
    }

    private func removeSnapshots() async {
        let (whole, kept) = snapshots
        _ = try? await onOwnThread {
            for path in [whole, kept] {
                for suffix in ["", "-wal", "-shm", ".partial"] { unlink(path + suffix) }
            }
        }
    }

    // MARK: the objects

    private func copyObjects(
        of snapshot: MetadataStore, to layout: BackupLayout, _ summary: inout BackupSummary,
        _ onProgress: @escaping @Sendable (StepProgress) -> Void
    ) async throws {
        let store = places.store
        let list = try await onOwnThread { try BackupList(layout.list) }
        var folders: Set<String> = []
        var last: Digest?
        while true {
            try Task.checkCancellation()
            let page = try await snapshot.read(.administration) { [last] in
                try $0.storedBlobs(after: last, limit: 200)
            }
            let copied = try await onOwnThread {
                let copied = try BackupPage(page, from: store, to: layout.store)
                try list.append(copied.objects)
                return copied
            }
            folders.formUnion(copied.folders)
            summary.objects += Int64(copied.objects.count)
            summary.objectBytes += copied.objects.reduce(0) { $0 + $1.size }
            summary.missing += Int64(page.count - copied.objects.count)
            onProgress(StepProgress(step: "objects", done: Int(summary.objects)))
            guard page.count == 200, let end = page.last else { break }
            last = end.digest
        }
        summary.list = try await onOwnThread { [folders] in
            try BackupFiles.makeFolder(layout.store)
            try BackupFiles.flush(folders, upTo: layout.store)
            return try list.close()
        }
    }

    private func finish(_ layout: BackupLayout, _ summary: BackupSummary) async throws {
        try await onOwnThread { [places] in
            try BackupFiles.copy(places.secretKey, to: layout.secretKey)
            try BackupFiles.flush(folder: layout.folder)
            let partial = layout.summary + ".partial"
            try BackupFiles.write(summary.json, to: partial)
            guard rename(partial, layout.summary) == 0 else { throw BackupError.call("name", layout.summary) }
            try BackupFiles.flush(folder: layout.folder)
        }
    }

    /// Removes what an attempt wrote. The folder was empty before, so everything under these names is ours.
    private func remove(_ layout: BackupLayout) async {
        _ = try? await onOwnThread {
            for path in [layout.summary, layout.summary + ".partial", layout.database, layout.list, layout.secretKey] {
                unlink(path)
            }
            BackupFiles.removeTree(layout.store)
        }
    }
}
