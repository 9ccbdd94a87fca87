// SPDX-License-Identifier: Apache-2.0
import CLinux
import NIOCore
import NIOPosix

extension Exchange {
    /// Sends a stretch of a file by sendfile(2), window by window.
    ///
    /// After each window there is a moment to notice that the client has left, to measure its speed and to have the disk
    /// read ahead. Windows grow for clients that are fast and shrink for those that are slow, so that a slow one is seen
    /// to make progress.
    ///
    /// - Parameter descriptor: Stays open until this returns or throws.
    func sendFile(_ descriptor: Int32, _ bytes: Range<Int64>) async throws {
        var window = FileWindow()
        var offset = bytes.lowerBound
        while offset < bytes.upperBound {
            let end = min(offset + window.length, bytes.upperBound)
            if !PageCache.holds(descriptor, offset..<end) { await PageCache.fetch(descriptor, offset..<end) }
            let following = end..<min(end + window.length, bytes.upperBound)
            let began = NIODeadline.now()
            if following.isEmpty || PageCache.holds(descriptor, following) {
                try await sendWindow(descriptor, offset..<end)
            } else {
                async let ahead: Void = PageCache.fetch(descriptor, following)
                try await sendWindow(descriptor, offset..<end)
                await ahead
            }
            window.adapt(to: NIODeadline.now() - began)
            offset = end
        }
    }

    private func sendWindow(_ descriptor: Int32, _ bytes: Range<Int64>) async throws {
        let file = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
        // The blob's reader owns the descriptor; the handle only lends it to NIO, until the write is over.
        defer { _ = try? file.takeDescriptorOwnership() }
        let region = FileRegion(fileHandle: file, readerIndex: Int(bytes.lowerBound), endIndex: Int(bytes.upperBound))
        try await writeFile(region)
    }
}

/// How much of a file is handed to the kernel in one go.
struct FileWindow {
    private(set) var length: Int64 = 1024 * 1024

    /// - Parameter time: How long the client took for the last window.
    mutating func adapt(to time: TimeAmount) {
        if time < .milliseconds(250) {
            length = min(length * 2, 16 * 1024 * 1024)
        } else if time > .seconds(2) {
            length = max(length / 4, 256 * 1024)
        }
    }
}

/// Keeps the event loop from waiting for the disk inside sendfile.
enum PageCache {
    /// Whether the ends of a stretch are in memory, which tells well enough whether all of it is.
    static func holds(_ descriptor: Int32, _ bytes: Range<Int64>) -> Bool {
        var byte: UInt8 = 0
        return haven_read_cached(descriptor, &byte, 1, bytes.lowerBound) == 1
            && haven_read_cached(descriptor, &byte, 1, bytes.upperBound - 1) == 1
    }

    /// Asks the kernel for a stretch and returns when the reading is under way.
    static func fetch(_ descriptor: Int32, _ bytes: Range<Int64>) async {
        try? await NIOThreadPool.singleton.runIfActive {
            _ = posix_fadvise(descriptor, Int(bytes.lowerBound), bytes.count, POSIX_FADV_WILLNEED)
        }
    }
}
