// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Removes files for good. Every call blocks.
struct FileRemoval: Sendable {
    /// How many files one visit to the pool removes.
    static let slice = 32

    let tree: FileTree
    let faults: FaultPoints

    func unlink(_ objects: [DoomedObject]) -> [DeleteOutcome] {
        objects.map { object in
            do throws(BlobStorageError) {
                let path = try tree.path(object.location)
                guard retrying({ Glibc.unlink(path) }) != 0 else { return .gone }
                let error = BlobStorageError.beforeWriting("unlink")
                return error == .notFound ? .gone : .failed(error)
            } catch {
                return .failed(error)
            }
        }
    }

    /// Flushes every folder that lost an entry: a name that came back after a power cut would have no row to doom it.
    func flush(_ objects: [DoomedObject], _ outcomes: [DeleteOutcome]) -> [DeleteOutcome] {
        var flushed: [Substring: DeleteOutcome] = [:]
        return zip(objects, outcomes).map { object, outcome in
            guard outcome == .gone else { return outcome }
            let key = tree.folderKey(of: object.location)
            let result = flushed[key] ?? flush(object.location)
            flushed[key] = result
            return result
        }
    }

    private func flush(_ location: BlobLocation) -> DeleteOutcome {
        do throws(BlobStorageError) {
            try tree.flushFolder(of: location)
            return .gone
        } catch {
            return .failed(error)
        }
    }
}
