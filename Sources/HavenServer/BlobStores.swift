// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import CloudStorage
package import Logging

extension Settings {
    /// Opens the store of the settings. A filesystem store is made when absent; an object store is not asked yet.
    ///
    /// - Parameters:
    ///   - spoolFolder: Where parts for an object store wait, when not where the settings say.
    ///   - faults: Armed by tests only.
    package func openBlobs(
        logger: Logger, spoolFolder: String? = nil, faults: FaultPoints = .none
    ) async throws(BlobStorageError) -> any BlobStore {
        switch data.storage.driver {
        case .filesystem(let root):
            return try await FilesystemBlobStore.open(root: root, reserve: data.diskReserveBytes, faults: faults)
        case .s3(let options):
            return try await open(try S3Service(options, transport, logger: logger), spoolFolder)
        case .swift(let options):
            return try await open(try SwiftService(options, transport, logger: logger), spoolFolder)
        case .azure(let options):
            return try await open(try AzureService(options, transport, logger: logger), spoolFolder)
        case .gcs(let options):
            return try await open(try GCSService(options, transport, logger: logger), spoolFolder)
        case .oss(let options):
            return try await open(try OSSService(options, transport, logger: logger), spoolFolder)
        }
    }

    private func open(
        _ service: any ObjectService, _ spoolFolder: String?
    ) async throws(BlobStorageError) -> CloudBlobStore {
        let spool: Spool
        do throws(BlobStorageError) {
            spool = try await Spool.open(folder: spoolFolder ?? data.storage.spoolFolder)
        } catch {
            await service.close()
            throw error
        }
        return CloudBlobStore(service, spool: spool, redirects: data.storage.redirects)
    }

    private var transport: TransportOptions {
        var options = TransportOptions()
        options.authorities = data.storage.authorities
        options.userAgent = "haven/\(HavenVersion.number)"
        return options
    }
}
