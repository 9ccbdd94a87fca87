// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Metadata

extension RegistryService {
    /// Runs work of the rooms below and answers their errors in this room's terms.
    func translating<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch BlobStorageError.full {
            throw RegistryError.storageFull
        } catch let error as BlobStorageError {
            throw RegistryError.storage(error)
        } catch MetadataError.quotaExceeded(let used, let limit, let wanted) {
            throw RegistryError.quotaExceeded(used: used, limit: limit, wanted: wanted)
        }
    }
}
