// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A log file that is renamed to `.1`, `.2`, … when it is full, as `log_rotate_size` and `log_rotate_count` say.
///
/// Lines are never cut: a rotation happens between two writes, so a file may exceed the size by what was waiting.
package final class RotatingLogFile: LogTarget {
    private struct State {
        var descriptor: Int32
        var size: Int64
    }

    private let state: Mutex<State>
    private let path: String
    private let sizeLimit: Int64
    private let count: Int

    /// Opens the file for appending, and makes it (0600) when absent.
    ///
    /// - Parameters:
    ///   - sizeLimit: The size in bytes at which the file is rotated; 0 never rotates.
    ///   - count: How many rotated files are kept; 0 removes a full file.
    /// - Throws: ``LogFileError`` when the file cannot be opened.
    package init(path: String, sizeLimit: Int64, count: Int) throws(LogFileError) {
        self.path = path
        self.sizeLimit = sizeLimit
        self.count = count
        guard let opened = Self.open(path) else {
            throw LogFileError(path: path, reason: String(cString: strerror(errno)))
        }
        state = Mutex(opened)
    }

    deinit {
        state.withLock { if $0.descriptor >= 0 { _ = Glibc.close($0.descriptor) } }
    }

    package func write(_ lines: [UInt8]) -> Bool {
        state.withLock { state in
            if sizeLimit > 0, state.size > 0, state.size + Int64(lines.count) > sizeLimit { rotate(&state) }
            guard state.descriptor >= 0 || reopen(&state), writeAll(lines, to: state.descriptor) else { return false }
            state.size += Int64(lines.count)
            return true
        }
    }

    package func reopen() {
        state.withLock { _ = reopen(&$0) }
    }

    private func rotate(_ state: inout State) {
        if count == 0 {
            unlink(path)
        } else {
            for number in stride(from: count - 1, through: 1, by: -1) {
                rename("\(path).\(number)", "\(path).\(number + 1)")
            }
            rename(path, "\(path).1")
        }
        _ = reopen(&state)
    }

    private func reopen(_ state: inout State) -> Bool {
        // The old file stays in use when the new one cannot be opened: lines in the wrong file are better than none.
        guard let opened = Self.open(path) else { return state.descriptor >= 0 }
        if state.descriptor >= 0 { _ = Glibc.close(state.descriptor) }
        state = opened
        return true
    }

    private static func open(_ path: String) -> State? {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        return State(descriptor: descriptor, size: Int64(max(0, lseek(descriptor, 0, SEEK_END))))
    }
}

/// A log file that cannot be opened.
package struct LogFileError: Error, CustomStringConvertible {
    package let path: String
    package let reason: String
    package var description: String { "log_file \(path) cannot be opened: \(reason)" }
}
