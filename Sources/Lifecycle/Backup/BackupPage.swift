// SPDX-License-Identifier: Apache-2.0

import Glibc
import Metadata
import OCI
import Synchronization

/// Some objects of a snapshot, put into a backup. Blocks while it is made.
struct BackupPage: Sendable {
    /// Those that are in the backup now.
    private(set) var objects: [BackupObject] = []
    /// The folders that hold them.
    private(set) var folders: Set<String> = []

    /// Links or copies the objects.
    ///
    /// A blob without an object of its size is left out: a registry that lost one must still be backed up.
    init(_ blobs: [StoredBlob], from source: String, to target: String) throws {
        for blob in blobs {
            let object = BackupObject(size: blob.size, digest: blob.digest, location: blob.location)
            let from = try object.place(in: source).file
            guard BackupFiles.size(of: from) == blob.size else { continue }
            let to = try object.place(in: target)
            if folders.insert(to.folder).inserted { try BackupFiles.makeFolder(to.folder) }
            if try !BackupFiles.link(from, to: to.file) {
                try BackupFiles.copy(from, to: to.file)
            }
            objects.append(object)
        }
    }
}

/// The list of objects while it is written. Blocks.
final class BackupList: Sendable {
    private let path: String
    private let descriptor: Int32
    private let written = Mutex<(hasher: DigestHasher, size: Int64)>((DigestHasher(.sha256), 0))

    init(_ path: String) throws(BackupError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .call("create", path) }
    }

    deinit { Glibc.close(descriptor) }

    func append(_ objects: [BackupObject]) throws(BackupError) {
        let bytes = Array(objects.map(\.line).joined().utf8)
        try BackupFiles.write(bytes, to: descriptor, path)
        written.withLock { written in
            bytes.withUnsafeBytes { written.hasher.update($0) }
            written.size += Int64(bytes.count)
        }
    }

    /// Makes the list durable.
    func close() throws(BackupError) -> BackupDigest {
        guard fsync(descriptor) == 0 else { throw .call("flush", path) }
        return written.withLock { BackupDigest(size: $0.size, digest: $0.hasher.finish()) }
    }
}
