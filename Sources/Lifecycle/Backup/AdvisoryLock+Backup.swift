// SPDX-License-Identifier: Apache-2.0

import Glibc
import SQLStorage

extension AdvisoryLock {
    /// Keeps a second backup of the data in a folder out, or fails at once.
    ///
    /// - Throws: ``BackupError/running`` when there is one; ``BackupError`` when the folder cannot be used.
    convenience init(backingUp folder: String) throws(BackupError) {
        let path = "\(folder)/backup.lock"
        do {
            try self.init(file: path)
        } catch {
            switch error {
            case .taken: throw .running
            case .call(let what, let code): throw .file(what, path: path, cause: String(cString: strerror(code)))
            }
        }
    }
}
