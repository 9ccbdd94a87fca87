// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer
import Lifecycle
import SQLStorage

/// `haven backup DIR`: everything in one folder, also while the server runs.
struct BackupCommand: HavenCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the registry into a new folder, also while it serves.",
        discussion: """
            The backup is the state of one moment: database, blobs and secret key. Every push that was acknowledged before \
            it began is in it. On the same file system blobs are hard links, which take no space; keep a copy on another \
            disk. It is finished when the file backup.json is in the folder.

            The exit code is 1 when blobs were missing already; the backup holds everything else then.
            """)
    @Argument(help: "The folder of the backup; absent or empty.", completion: .directory) var folder: String
    @OptionGroup var settings: SettingsOptions

    func run(_ context: CommandContext) async throws {
        let settings = try settings.load(context)
        try refuseObjectStore(settings)
        let summary: BackupSummary
        do {
            summary = try await withStores(settings) { stores in
                guard let database = stores.database as? SQLiteDatabase else {
                    throw CommandFailure(
                        "this copies the embedded database only; back up a database server with its own tools first, "
                            + "and the store after it")
                }
                return try await Backup(
                    database: database, places: settings.backupPlaces, version: HavenVersion.line
                ).run(to: folder.trimmed, onProgress: ProgressLine.show)
            }
        } catch let error as BackupError {
            ProgressLine.end()
            throw CommandFailure("\(error)")
        }
        ProgressLine.end()
        print("The backup in \(folder) holds \(summary.objects) objects of \(summary.objectBytes) bytes.")
        if summary.missing > 0 {
            printError("haven: \(summary.missing) blobs were missing already; haven doctor --verify names them.")
            throw CommandEnd.failed
        }
    }
}

/// `haven restore DIR`: a backup into an empty place.
struct RestoreCommand: HavenCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup into the empty data folder of the settings.",
        discussion: """
            The backup is verified first. No server may run in the data folder, and nothing may be in it. What was restored \
            is then checked as by `haven doctor --verify`; the exit code is 1 when something is lost or inconsistent.
            """)
    @Argument(help: "The folder of the backup.", completion: .directory) var folder: String
    @OptionGroup var settings: SettingsOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: CommandContext) async throws {
        let settings = try settings.load(context)
        guard settings.database.kind == .sqlite else {
            throw CommandFailure("this restores the embedded database only; use the tools of the database server")
        }
        try refuseObjectStore(settings)
        let lock = try settings.lockData()
        do {
            let restored = try await Restore(to: settings.backupPlaces)
                .run(from: folder.trimmed, onProgress: ProgressLine.show)
            ProgressLine.end()
            for location in restored.changed { printError("haven: the bytes of \(location) changed since its push") }
            try await check(settings, isChanged: !restored.changed.isEmpty)
        } catch let error as BackupError {
            ProgressLine.end()
            throw CommandFailure("\(error)")
        }
        _ = consume lock
    }

    /// Digests were taken while copying; they are taken again only to name what is wrong.
    private func check(_ settings: Settings, isChanged: Bool) async throws {
        let report = try await withStores(settings) { stores in
            try await Checker(metadata: stores.metadata, blobs: stores.blobs, times: settings.times)
                .run(rehash: isChanged, onProgress: ProgressLine.show)
        }
        ProgressLine.end()
        CheckResult(report).print(output.output)
        if report.isFaulty { throw CommandEnd.failed }
    }
}

/// Blobs in an object store are not ours to copy; a backup without them would be half of one.
private func refuseObjectStore(_ settings: Settings) throws {
    guard settings.data.storage.fileRoot == nil else { return }
    throw CommandFailure(
        "blobs are in the object store \(settings.data.storage.provider.rawValue): copy its bucket by its own means, and the "
            + "database by a snapshot of \(settings.data.folder) while the server is stopped")
}

extension String {
    /// A folder's path without slashes at the end.
    fileprivate var trimmed: String {
        var path = self[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }
}
