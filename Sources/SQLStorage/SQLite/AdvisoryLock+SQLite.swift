// SPDX-License-Identifier: Apache-2.0

extension AdvisoryLock {
    /// Takes the right to change the tables of the SQLite files in a folder, or fails at once.
    ///
    /// It covers what one write transaction cannot: looking at the tables, copying the file and changing them. The folder
    /// itself is locked: no file stays behind, and SQLite's own locks, which are of the other kind, are not touched.
    ///
    /// - Parameter path: The path of a database in the folder.
    /// - Throws: ``SQLError/conflict(_:)`` while another has it; ``SQLError/unreachable(_:)`` when there is no such folder.
    package convenience init(folderOf path: String) throws(SQLError) {
        let folder = SQLitePlace.folder(of: path)
        do {
            try self.init(folder: folder)
        } catch {
            switch error {
            case .taken: throw .conflict("another process changes the tables in \(folder)")
            case .call(let what, let code): throw SQLitePlace.failure(what, folder, code)
            }
        }
    }
}
