// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Holds a data folder for one server: the lock goes with the process, however it ends.
package struct DataLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock in a folder that exists.
    ///
    /// - Throws: ``StartFault/inUse(_:)`` when another server has it.
    package init(folder: String) throws(StartFault) {
        let path = "\(folder)/serve.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .folder(folder, String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(descriptor)
            throw .inUse(folder)
        }
    }

    deinit { Glibc.close(descriptor) }
}
