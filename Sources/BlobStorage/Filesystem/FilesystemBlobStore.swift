// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import OCI

/// Keeps blobs as files: on a local disk, or on a mount that several nodes share.
///
/// The order of flushes is the promise: bytes and size, then close, then the folder's entry, then the caller may
/// commit a row. A disk error at any step gives the name up, because a flush that succeeds later says nothing about
/// one that failed.
package struct FilesystemBlobStore: BlobStore {
    private let tree: FileTree
    private let space: FreeSpace
    private let faults: FaultPoints
    /// Separate, so that pulls go on while pushes wait for a slow flush.
    private let writes: BlockingPool
    private let reads: BlockingPool

    package var name: String { "filesystem" }

    /// Opens the store, making its folders the first time.
    ///
    /// - Parameters:
    ///   - root: The folder that holds `docker/registry/v2`. It is made if absent.
    ///   - writers: Threads for writing, flushing and deleting.
    ///   - readers: Threads for opening and for reads that miss the page cache.
    ///   - reserve: Bytes of the file system to leave free.
    ///   - faults: Armed by tests only.
    package static func open(
        root: String, writers: Int = 8, readers: Int = 4, reserve: Int64 = 0, faults: FaultPoints = .none
    ) async throws(BlobStorageError) -> FilesystemBlobStore {
        let writes = BlockingPool(threads: writers)
        do throws(BlobStorageError) {
            let tree = try await writes.run { () throws(BlobStorageError) in try FileTree(root: root) }
            let space = FreeSpace(path: tree.root, reserve: reserve)
            _ = try await writes.run { space.current() }
            return FilesystemBlobStore(
                tree: tree, space: space, faults: faults, writes: writes, reads: BlockingPool(threads: readers))
        } catch {
            await writes.close()
            throw error
        }
    }

    private init(tree: FileTree, space: FreeSpace, faults: FaultPoints, writes: BlockingPool, reads: BlockingPool) {
        self.tree = tree
        self.space = space
        self.faults = faults
        self.writes = writes
        self.reads = reads
    }

    package func newBase() -> String { BlobName.random() }

    package func beginPart(
        _ number: Int, of plan: UploadPlan, at start: Int64
    ) async throws(BlobStorageError) -> any BlobPartWriter {
        guard start == plan.end else { throw .invalid("a part must begin where the upload ends") }
        if space.isKnownFull, await self.space()?.isBelowReserve ?? false { throw .full }
        return FilesystemPartWriter(
            number, at: start, file: file(FileTree.location(plan.base, number)), pool: writes, faults: faults)
    }

    package func assemble(
        _ plan: UploadPlan, asNumber number: Int, hashing: Digest.Algorithm?
    ) async throws(BlobStorageError) -> AssembledBlob {
        let assembly = try FileAssembly(plan, into: file(FileTree.location(plan.base, number)), faults: faults)
        return try await assembly.run(in: tree, on: writes, hashing: hashing)
    }

    package func finished(_ plan: UploadPlan) -> BlobLocation? {
        guard let part = plan.parts.first, plan.parts.count == 1,
            part.etag == FilesystemPartWriter.Ending.sealed.rawValue
        else { return nil }
        return BlobLocation(rawValue: part.name)
    }

    package func reservedLocations(base: String, through number: Int, driver: String) -> [DoomedObject] {
        number < 1 ? [] : (1...number).map { DoomedObject(FileTree.location(base, $0)) }
    }

    package func open(_ location: BlobLocation) async throws(BlobStorageError) -> any BlobReader {
        let path = try tree.path(location)
        // Most often the folders are in memory, and then opening needs no thread that may wait.
        let cached = haven_open_cached(path)
        if cached >= 0 { return try FilesystemBlobReader(descriptor: cached, pool: reads) }
        return try await reads.run { [reads] () throws(BlobStorageError) in
            try FilesystemBlobReader(descriptor: Self.openBlocking(path), pool: reads)
        }
    }

    package func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64? {
        let path = try tree.path(location)
        return try await reads.run { () throws(BlobStorageError) in
            var status = stat()
            if lstat(path, &status) == 0 { return Int64(status.st_size) }
            let error = BlobStorageError.beforeWriting("stat")
            if error == .notFound { return nil }
            throw error
        }
    }

    package func space() async -> StorageSpace? {
        (try? await reads.run { [space] in space.current() }) ?? nil
    }

    package func close() async {
        await writes.close()
        await reads.close()
    }

    private func file(_ location: BlobLocation) -> PartFile {
        PartFile(location, in: tree, space: space, faults: faults)
    }

    /// A network file system may answer once that its handle is stale; a second look tells.
    private static func openBlocking(_ path: String) throws(BlobStorageError) -> Int32 {
        var descriptor = retrying { Glibc.open(path, O_RDONLY | O_CLOEXEC) }
        if descriptor < 0, errno == ESTALE { descriptor = retrying { Glibc.open(path, O_RDONLY | O_CLOEXEC) } }
        guard descriptor >= 0 else { throw .beforeWriting("open") }
        return descriptor
    }
}

extension FilesystemBlobStore {
    package func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome] {
        let removal = FileRemoval(tree: tree, faults: faults)
        var outcomes: [DeleteOutcome] = []
        // In slices, so that a long list leaves the threads to pushes in between.
        for first in stride(from: 0, to: objects.count, by: FileRemoval.slice) {
            let slice = Array(objects[first..<min(first + FileRemoval.slice, objects.count)])
            let result = try? await writes.run { removal.unlink(slice) }
            outcomes += result ?? slice.map { _ in .failed(.unreachable("the store is closed")) }
        }
        let settled = try? await writes.run { [outcomes] in removal.flush(objects, outcomes) }
        return settled ?? objects.map { _ in .failed(.unreachable("the store is closed")) }
    }

    package func list(
        _ visit: (BlobLocation, _ size: Int64, _ modified: Int64) async throws -> Void
    ) async throws {
        for lane in tree.lanes {
            let entries = try await reads.run { () throws(BlobStorageError) in
                try FileListing.entries(of: lane.path, prefix: lane.prefix)
            }
            for entry in entries { try await visit(entry.location, entry.size, entry.modified) }
        }
    }

    package func probe() async throws(BlobStorageError) {
        try await StorageProbe.run(on: self)
    }
}
