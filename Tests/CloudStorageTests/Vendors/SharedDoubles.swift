// SPDX-License-Identifier: Apache-2.0

import CloudStorage
import TestKit

/// Doubles that tests share and do not disturb; each test takes a folder of its own. They end with the process.
enum SharedDoubles {
    private static let azure = Task { try await AzureDouble.start() }
    private static let oss = Task { try await OSSDouble.start() }
    private static let google = Task { try await GoogleFront.start(before: GoogleEmulator.shared()) }

    static func azure(root: String) async throws -> AzureService { try await azure.value.service(root: root) }

    static func oss(root: String) async throws -> OSSService { try await oss.value.service(root: root) }

    /// - Parameter folder: Where the key file goes.
    static func gcs(root: String, folder: String) async throws -> GCSService {
        let front = try await google.value
        let options = try await GoogleEmulator.shared()
            .options(front, keyFile: front.writeKeyFile(in: folder), root: root)
        return try GCSService(options, VendorStores.quick, logger: VendorStores.logger)
    }
}
