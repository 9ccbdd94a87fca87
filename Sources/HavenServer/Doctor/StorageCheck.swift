// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Logging

/// Whether the object store of the settings takes an object, gives it back and deletes it.
enum StorageCheck {
    static func finding(_ settings: Settings) async -> Finding {
        let name = settings.data.storage.provider.rawValue
        let opened: Result<any BlobStore, BlobStorageError>
        do throws(BlobStorageError) {
            try? PrivateFolder.ensure(settings.data.folder)
            opened = .success(try await settings.openBlobs(logger: Logger(label: "haven")))
        } catch {
            opened = .failure(error)
        }
        guard case .success(let store) = opened else {
            return Finding(.fault, "object store", "\(name): \(opened.failureText)")
        }
        let probed: Result<Void, BlobStorageError>
        do throws(BlobStorageError) { probed = .success(try await store.probe()) } catch { probed = .failure(error) }
        await store.close()
        guard case .success = probed else {
            return Finding(.fault, "object store", "\(name): \(probed.failureText)")
        }
        return Finding(.good, "object store", "\(name) took a small object, gave it back and deleted it")
    }
}

extension Result where Failure == BlobStorageError {
    fileprivate var failureText: String {
        guard case .failure(let error) = self else { return "" }
        switch error {
        case .refused(let text), .unreachable(let text), .lost(let text), .invalid(let text): return text
        case .full: return "the store says that it is full"
        case .notFound: return "what was written just now is not found"
        }
    }
}
