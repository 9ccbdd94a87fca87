// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import OCI

/// Puts the parts of one upload together. Blocks only threads of the pool, one window at a time.
struct FileAssembly: Sendable {
    private struct Window: Sendable {
        var part: UploadPart
        var offset: Int64
        var count: Int
    }

    private static let windowBytes: Int64 = 16 << 20

    private let plan: UploadPlan
    private let target: PartFile
    private let faults: FaultPoints

    /// - Throws: ``BlobStorageError/invalid(_:)`` when the parts leave a gap.
    init(_ plan: UploadPlan, into target: PartFile, faults: FaultPoints) throws(BlobStorageError) {
        var end: Int64 = 0
        for part in plan.parts {
            guard part.start == end, part.length >= 0 else { throw .invalid("the parts leave a gap") }
            end = part.end
        }
        self.plan = plan
        self.target = target
        self.faults = faults
    }

    func run(
        in tree: FileTree, on pool: BlockingPool, hashing: Digest.Algorithm?
    ) async throws(BlobStorageError) -> AssembledBlob {
        if let part = plan.parts.first, plan.parts.count == 1,
            let blob = try await adopt(part, in: tree, on: pool, hashing: hashing)
        {
            return blob
        }
        do throws(BlobStorageError) {
            return try await copy(in: tree, on: pool, hashing: hashing)
        } catch {
            _ = try? await pool.run { [target] in target.discard(removing: true) }
            throw error
        }
    }

    /// A lone part is the blob itself, unless somebody may still write to it.
    private func adopt(
        _ part: UploadPart, in tree: FileTree, on pool: BlockingPool, hashing: Digest.Algorithm?
    ) async throws(BlobStorageError) -> AssembledBlob? {
        guard part.etag == FilesystemPartWriter.Ending.sealed.rawValue else { return nil }
        let location = BlobLocation(rawValue: part.name)
        let source = try await pool.run { () throws(BlobStorageError) in try SourceFile(location, in: tree) }
        guard source.size == part.length else {
            throw .lost("\(location) has \(source.size) bytes, not \(part.length)")
        }
        guard let hashing else { return AssembledBlob(location: location, size: part.length, digest: nil) }
        var hasher = DigestHasher(hashing)
        for window in windows(of: part) {
            hasher = try await pool.run { [hasher] () throws(BlobStorageError) in
                try Self.hashing(window, with: hasher) { (offset, buffer) throws(BlobStorageError) in
                    try FileCopy.readFully(source.descriptor, at: offset, into: buffer)
                }
            }
        }
        return AssembledBlob(location: location, size: part.length, digest: hasher.finish())
    }

    private func copy(
        in tree: FileTree, on pool: BlockingPool, hashing: Digest.Algorithm?
    ) async throws(BlobStorageError) -> AssembledBlob {
        var hasher = hashing.map { DigestHasher($0) }
        for part in plan.parts where part.length > 0 {
            let source = try await pool.run { () throws(BlobStorageError) in
                try SourceFile(BlobLocation(rawValue: part.name), in: tree)
            }
            for window in windows(of: part) {
                hasher = try await pool.run { [hasher, target] () throws(BlobStorageError) in
                    try target.append(from: source.descriptor, at: window.offset, count: window.count)
                    // What is digested is what will be served: the copy, still hot in the page cache.
                    let copied = Window(part: part, offset: part.start + window.offset, count: window.count)
                    return try hasher.map { (hasher) throws(BlobStorageError) in
                        try Self.hashing(copied, with: hasher) { (offset, buffer) throws(BlobStorageError) in
                            try target.readBack(at: offset, into: buffer)
                        }
                    }
                }
            }
        }
        let size = try await pool.run { [target, faults] () throws(BlobStorageError) in
            try faults.reachStorage("commit.afterAssemble")
            let size = try target.flush(closing: true)
            try faults.reachStorage("commit.afterFsync")
            return size
        }
        return AssembledBlob(location: target.location, size: size, digest: hasher?.finish())
    }

    private func windows(of part: UploadPart) -> [Window] {
        stride(from: 0, to: part.length, by: Int64.Stride(Self.windowBytes)).map {
            Window(part: part, offset: $0, count: Int(min(Self.windowBytes, part.length - $0)))
        }
    }

    private static func hashing(
        _ window: Window, with hasher: DigestHasher,
        _ read: (Int64, UnsafeMutableRawBufferPointer) throws(BlobStorageError) -> Void
    ) throws(BlobStorageError) -> DigestHasher {
        var hasher = hasher
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(max(window.count, 1), 256 << 10), alignment: 4096)
        defer { buffer.deallocate() }
        var done = 0
        while done < window.count {
            let chunk = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(window.count - done))
            try read(window.offset + Int64(done), chunk)
            hasher.update(UnsafeRawBufferPointer(chunk))
            done += chunk.count
        }
        return hasher
    }
}

/// A part opened for reading; closed when nobody holds it any more.
private final class SourceFile: Sendable {
    let descriptor: Int32
    let size: Int64

    /// - Throws: ``BlobStorageError/lost(_:)`` when there is no such file: a row says there must be.
    init(_ location: BlobLocation, in tree: FileTree) throws(BlobStorageError) {
        let path = try tree.path(location)
        descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .lost("\(location) is missing") : .beforeWriting("open part")
        }
        var status = stat()
        size = fstat(descriptor, &status) == 0 ? Int64(status.st_size) : -1
    }

    deinit { close(descriptor) }
}
