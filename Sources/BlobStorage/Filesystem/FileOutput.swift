// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import NIOCore

/// How the bytes of a part get into its file.
///
/// The first megabytes go through the page cache, so that layers of the usual size are hot when they are pulled. What
/// follows goes past it where the file system allows (`O_DIRECT`): a copy into the page cache costs more than hashing, pushes
/// out what others pull, and leaves all of the writing to the flush at the end, for which the client waits.
struct FileOutput {
    private enum Way {
        /// Through the page cache; past it from the next block boundary on, once the file is long.
        case cached
        /// Past the page cache.
        case direct
        /// Through the page cache, for good: the file system refused.
        case cachedOnly
    }

    /// Bytes at the start of a file that go through the page cache.
    static let cachedBytes: Int64 = 8 << 20
    /// What addresses, offsets and lengths must be multiples of. No disk in use has larger blocks.
    private static let block = 4096
    private static let stagingBytes = 512 << 10

    /// All bytes taken so far.
    private(set) var length: Int64 = 0
    private var way = Way.cached
    /// What was taken behind the last whole block, and is not written yet.
    private var carry: [UInt8] = []

    /// Whether the kernel should be asked to begin writing back what it caches.
    var isCached: Bool { way != .direct }

    /// Takes bytes; all but the last incomplete block are written when it returns.
    mutating func append(_ buffers: [ByteBuffer], to descriptor: Int32) throws(BlobStorageError) {
        var staging: Staging?
        defer { staging?.free() }
        for buffer in buffers {
            try buffer.withBytes { (bytes) throws(BlobStorageError) in
                let rest = try align(bytes, descriptor)
                guard way == .direct else { return try writeCached(rest, to: descriptor) }
                if staging == nil {
                    staging = Staging(bytes: Self.stagingBytes, block: Self.block, holding: carry)
                    carry = []
                }
                try stage(rest, in: &staging!, descriptor)  // made in the line above
            }
        }
        guard var last = staging else { return }
        try writeBlocks(of: &last, descriptor)
        carry = Array(last.bytes)
    }

    /// Notes bytes that the kernel copied behind what was written; only for files that ``append(_:to:)`` is not used on.
    mutating func copied(_ count: Int) { length += Int64(count) }

    /// Writes what is left of an incomplete block, before a flush. Later bytes find the next boundary again.
    mutating func settle(_ descriptor: Int32) throws(BlobStorageError) {
        guard way == .direct else { return }
        Self.set(descriptor, direct: false)
        way = .cached
        let rest = carry
        carry = []
        length -= Int64(rest.count)
        try rest.withBytes { (bytes) throws(BlobStorageError) in try writeCached(bytes, to: descriptor) }
    }

    /// Writes through the cache up to a block boundary when the file has become long, and leaves the cache there.
    private mutating func align(
        _ bytes: UnsafeRawBufferPointer, _ descriptor: Int32
    ) throws(BlobStorageError) -> UnsafeRawBufferPointer {
        guard way == .cached, length >= Self.cachedBytes else { return bytes }
        let missing = Int(-length & Int64(Self.block - 1))
        guard bytes.count >= missing else { return bytes }
        try writeCached(UnsafeRawBufferPointer(rebasing: bytes.prefix(missing)), to: descriptor)
        way = Self.set(descriptor, direct: true) ? .direct : .cachedOnly
        return UnsafeRawBufferPointer(rebasing: bytes.dropFirst(missing))
    }

    private mutating func stage(
        _ bytes: UnsafeRawBufferPointer, in staging: inout Staging, _ descriptor: Int32
    ) throws(BlobStorageError) {
        var rest = bytes
        while !rest.isEmpty {
            let taken = staging.take(rest)
            length += Int64(taken)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
            if staging.isFull { try writeBlocks(of: &staging, descriptor) }
        }
    }

    /// Writes the whole blocks, and moves what is left to the front.
    private mutating func writeBlocks(of staging: inout Staging, _ descriptor: Int32) throws(BlobStorageError) {
        let start = length - Int64(staging.count)
        var done = 0
        while way == .direct, staging.count - done >= Self.block {
            let blocks = staging.blocks(from: done)
            let count = retrying { pwrite(descriptor, blocks.baseAddress, blocks.count, Int(start) + done) }
            if count < 0, errno == EINVAL, done == 0 { break }  // larger blocks than ours: nothing was written
            guard count > 0 else { throw .afterWriting("pwrite") }
            done += count
            if count % Self.block != 0 { break }  // a short write; the rest goes through the cache
        }
        if staging.count - done >= Self.block {
            Self.set(descriptor, direct: false)
            way = .cachedOnly
            length = start + Int64(done)
            let rest = UnsafeRawBufferPointer(rebasing: staging.bytes.dropFirst(done))
            try writeCached(rest, to: descriptor)
            done = staging.count
        }
        staging.drop(done)
    }

    private mutating func writeCached(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(BlobStorageError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = retrying { pwrite(descriptor, rest.baseAddress, rest.count, Int(length)) }
            guard count > 0 else { throw .afterWriting("pwrite") }
            length += Int64(count)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    /// Returns whether the file system knows how.
    @discardableResult
    private static func set(_ descriptor: Int32, direct: Bool) -> Bool {
        let flags = fcntl(descriptor, F_GETFL)
        return flags >= 0 && fcntl(descriptor, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0
    }
}

/// Memory at an address that a write past the page cache may begin at.
private struct Staging {
    private let memory: UnsafeMutableRawBufferPointer
    private let block: Int
    private(set) var count = 0

    init(bytes: Int, block: Int, holding first: [UInt8]) {
        memory = .allocate(byteCount: bytes, alignment: block)
        self.block = block
        memory.copyBytes(from: first)
        count = first.count
    }

    var isFull: Bool { count == memory.count }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory.prefix(count)) }

    /// Takes as many bytes as there is room for, and says how many.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, memory.count - count)
        UnsafeMutableRawBufferPointer(rebasing: memory.dropFirst(count)).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes.prefix(taken)))
        count += taken
        return taken
    }

    /// The whole blocks from an offset on.
    func blocks(from offset: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[offset..<(offset + (count - offset) / block * block)])
    }

    /// Forgets bytes at the front.
    mutating func drop(_ gone: Int) {
        guard gone > 0 else { return }
        memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[gone..<count]))
        count -= gone
    }

    func free() { memory.deallocate() }
}

extension [UInt8] {
    /// `withUnsafeBytes` with the error's type kept.
    fileprivate func withBytes<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        let result: Result<Void, E> = withUnsafeBytes { bytes in
            do throws(E) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        try result.get()
    }
}
