// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import CloudStorage
package import Logging
package import Metadata

extension Settings {
    /// Opens the store of the settings. A filesystem store is made when absent; an object store is not asked yet.
    ///
    /// - Parameters:
    ///   - spoolFolder: Where parts for an object store wait, when not where the settings say.
    ///   - clock: What requests to an object store are dated by.
    ///   - faults: Armed by tests only.
    package func openBlobs(
        logger: Logger, spoolFolder: String? = nil, clock: ClusterClock = ClusterClock(), faults: FaultPoints = .none
    ) async throws(BlobStorageError) -> any BlobStore {
        let transport = transport(clock)
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

    private func transport(_ clock: ClusterClock) -> TransportOptions {
        var options = TransportOptions()
        options.seconds = { clock.microseconds / 1_000_000 }
        options.authorities = data.storage.authorities
        options.userAgent = "haven/\(HavenVersion.number)"
        return options
    }
}
