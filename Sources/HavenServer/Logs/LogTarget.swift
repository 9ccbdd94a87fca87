// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where bytes of the log end up. A ``LogWriter`` calls it from one thread at a time.
package protocol LogTarget: Sendable {
    /// Writes whole lines; false when they could not be written.
    func write(_ lines: [UInt8]) -> Bool

    /// Opens the file anew, where there is one.
    func reopen()
}

/// Standard error, or any other descriptor that stays open as long as the process.
package struct DescriptorLogTarget: LogTarget {
    private let descriptor: Int32

    package init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
    }

    package func write(_ lines: [UInt8]) -> Bool {
        writeAll(lines, to: descriptor)
    }

    package func reopen() {}
}

/// Writes all bytes, however many calls it takes; false on the first error that is no interruption.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                // A terminal or pipe that somebody made non-blocking: wait for room, but not for ever.
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard poll(&entry, 1, 1_000) > 0 else { return false }
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
