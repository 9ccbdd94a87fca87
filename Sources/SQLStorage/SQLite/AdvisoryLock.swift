// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An exclusive lock on a file or a folder, by `flock(2)`; it goes with the process, however it ends.
///
/// It is given up by name and not only by closing: a child that was forked a moment ago and has not yet become its own program
/// still holds a copy of the descriptor, which would keep the lock a little longer.
package final class AdvisoryLock: Sendable {
    /// Why a lock was not had.
    package enum Fault: Error, Equatable {
        /// Another has it.
        case taken
        /// The file or folder could not be opened or locked: the call and its `errno`.
        case call(String, Int32)
    }

    private let descriptor: Int32

    /// Takes the lock on a file, which is made when it is absent, or fails at once.
    package convenience init(file: String) throws(Fault) {
        try self.init(opened: open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
    }

    /// Takes the lock on a folder that exists, or fails at once; nothing stays behind in it.
    package convenience init(folder: String) throws(Fault) {
        try self.init(opened: open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    }

    private init(opened: Int32) throws(Fault) {
        guard opened >= 0 else { throw .call("open", errno) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let fault: Fault = errno == EWOULDBLOCK ? .taken : .call("lock", errno)
            close(opened)
            throw fault
        }
        // Last: a lock that has its descriptor closes it when it goes, also out of a failed `init`.
        descriptor = opened
    }

    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
