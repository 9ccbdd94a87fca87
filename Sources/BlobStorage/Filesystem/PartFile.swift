// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import NIOCore
import Synchronization

/// The file of one part or blob while it is written. Every call blocks and runs on the pool, one at a time.
///
/// After an error nobody knows what the file holds; the caller gives the name up.
final class PartFile: Sendable {
    private struct State {
        var descriptor: Int32 = -1
        var output = FileOutput()
        var length: Int64 { output.length }
        var writeBackStarted: Int64 = 0
        var isNameDurable = false
    }

    /// How many bytes may gather before the kernel is asked to start writing them back.
    private static let writeBackStride: Int64 = 8 << 20

    let location: BlobLocation
    private let tree: FileTree
    private let space: FreeSpace
    private let faults: FaultPoints
    private let state = Mutex(State())

    init(_ location: BlobLocation, in tree: FileTree, space: FreeSpace, faults: FaultPoints) {
        self.location = location
        self.tree = tree
        self.space = space
        self.faults = faults
    }

    deinit {
        state.withLock { if $0.descriptor >= 0 { Glibc.close($0.descriptor) } }
    }

    /// Writes behind what was written before, making the file first if need be.
    func append(_ buffers: [ByteBuffer]) throws(BlobStorageError) {
        try space.take(buffers.reduce(0) { $0 + $1.readableBytes })
        try state.withLock { (state) throws(BlobStorageError) in
            try create(&state)
            try state.output.append(buffers, to: state.descriptor)
            startWriteBack(&state)
            try fault("storage.afterWrite")
        }
    }

    /// Copies a range of another file behind what was written before.
    func append(from source: Int32, at offset: Int64, count: Int) throws(BlobStorageError) {
        try space.take(count)
        try state.withLock { (state) throws(BlobStorageError) in
            try create(&state)
            try FileCopy.append(from: source, at: offset, count: count, to: state.descriptor, at: state.length)
            state.output.copied(count)
            startWriteBack(&state)
        }
    }

    /// Reads back what was written, into `body`, at most `count` bytes a time.
    func readBack(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BlobStorageError) {
        try state.withLock { (state) throws(BlobStorageError) in
            try FileCopy.readFully(state.descriptor, at: offset, into: buffer)
        }
    }

    /// Makes everything written durable, then the name. Afterwards, and only afterwards, a row may name it.
    ///
    /// - Parameter closing: Ends the file in between, where network file systems report late errors.
    /// - Returns: The length in bytes.
    func flush(closing: Bool) throws(BlobStorageError) -> Int64 {
        try state.withLock { (state) throws(BlobStorageError) in
            try create(&state)
            try state.output.settle(state.descriptor)
            guard retrying({ fdatasync(state.descriptor) }) == 0 else { throw .afterWriting("fdatasync") }
            try checkSize(state)
            try fault("storage.afterFlush")
            if closing { try close(&state) }
            if !state.isNameDurable {
                try tree.flushFolder(of: location)
                state.isNameDurable = true
            }
            return state.length
        }
    }

    /// Ends the file without any promise.
    ///
    /// - Parameter removing: Gives the room back at once. Only for a name that no row can have named; the row that
    ///   reserved it still dooms it.
    func discard(removing: Bool) {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            if removing, let path = try? tree.path(location) { unlink(path) }
            Glibc.close(state.descriptor)
            state.descriptor = -1
        }
    }

    private func create(_ state: inout State) throws(BlobStorageError) {
        guard state.descriptor < 0 else { return }
        let path = try tree.path(location)
        state.descriptor = Self.openNew(path)
        if state.descriptor < 0, errno == ENOENT {
            try tree.remakeFolder(of: location)
            state.descriptor = Self.openNew(path)
        }
        guard state.descriptor >= 0 else { throw .beforeWriting("create") }
        try fault("storage.afterCreate")
    }

    private static func openNew(_ path: String) -> Int32 {
        retrying { open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    }

    /// Promises nothing, but makes the flush at the end short.
    private func startWriteBack(_ state: inout State) {
        let count = state.length - state.writeBackStarted
        guard state.output.isCached, count >= Self.writeBackStride else { return }
        _ = sync_file_range(state.descriptor, Int(state.writeBackStarted), Int(count), UInt32(SYNC_FILE_RANGE_WRITE))
        state.writeBackStarted = state.length
    }

    private func checkSize(_ state: State) throws(BlobStorageError) {
        var status = stat()
        guard fstat(state.descriptor, &status) == 0 else { throw .afterWriting("fstat") }
        guard Int64(status.st_size) == state.length else {
            throw .lost("\(state.length) bytes were written, \(status.st_size) are stored")
        }
    }

    private func close(_ state: inout State) throws(BlobStorageError) {
        let descriptor = state.descriptor
        // Whatever close answers, the descriptor is gone; an interrupted close is not repeated.
        state.descriptor = -1
        guard Glibc.close(descriptor) == 0 || errno == EINTR else { throw .afterWriting("close") }
    }

    private func fault(_ point: String) throws(BlobStorageError) {
        try faults.reachStorage(point)
    }
}

extension FaultPoints {
    /// A fault inside the store looks like a disk error.
    func reachStorage(_ point: String) throws(BlobStorageError) {
        do throws(InjectedFault) { try reach(point) } catch { throw .lost("injected at \(point)") }
    }
}

extension ByteBuffer {
    /// `withUnsafeReadableBytes` with the error's type kept.
    func withBytes<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        let result: Result<Void, E> = withUnsafeReadableBytes { bytes in
            do throws(E) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        try result.get()
    }
}
