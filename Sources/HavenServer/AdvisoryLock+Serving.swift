// SPDX-License-Identifier: Apache-2.0
import Glibc
import SQLStorage

extension AdvisoryLock {
    /// Takes a data folder that exists for one server, or fails at once.
    ///
    /// - Throws: ``StartFault/inUse(_:)`` when another server has it.
    package convenience init(servingFrom folder: String) throws(StartFault) {
        do {
            try self.init(file: "\(folder)/serve.lock")
        } catch {
            switch error {
            case .taken: throw .inUse(folder)
            case .call(_, let code): throw .folder(folder, String(cString: strerror(code)))
            }
        }
    }
}
