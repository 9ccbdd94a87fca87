// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The right to change the tables of the SQLite files in a folder, held by one process; it goes with the process, however it
/// ends.
///
/// It covers what one write transaction cannot: looking at the tables, copying the file and changing them. The folder itself
/// is locked, by `flock(2)`: no file stays behind, and SQLite's own locks, which are of the other kind, are not touched.
package final class SQLiteFolderLock: Sendable {
    private let descriptor: Int32

    /// Takes it or fails at once.
    ///
    /// - Parameter path: The path of a database in the folder.
    /// - Throws: ``SQLError/conflict(_:)`` while another has it; ``SQLError/unreachable(_:)`` when there is no such folder.
    package init(of path: String) throws(SQLError) {
        let folder = SQLitePlace.folder(of: path)
        let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { throw SQLitePlace.failure("open", folder) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let isTaken = errno == EWOULDBLOCK
            let failure = SQLitePlace.failure("lock", folder)
            close(opened)
            throw isTaken ? .conflict("another process changes the tables in \(folder)") : failure
        }
        // Last: a lock that has its descriptor closes it when it goes, also out of a failed `init`.
        descriptor = opened
    }

    deinit { close(descriptor) }
}
