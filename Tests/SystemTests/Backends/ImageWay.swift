// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// The way of images from an OCI layout into a registry and out again, by skopeo.
struct ImageWay: Sendable {
    private let layout: ImageLayout
    private let host: String
    private let password: String

    /// - Parameters:
    ///   - host: Of the registry, as it stands in image names.
    ///   - password: The administrator's.
    init(_ layout: ImageLayout, host: String, password: String) {
        self.layout = layout
        self.host = host
        self.password = password
    }

    /// Pushes an image of the layout, pulls it, and expects every byte of its manifest and blobs.
    func copyThereAndBack(_ image: TestImage, _ tag: String) async throws {
        let skopeo = Tool("skopeo")
        let name = "docker://\(host)/library/\(tag):v1"
        let access = ["tls-verify=false", "creds=admin:\(password)"]
        try await skopeo.check(
            ["copy", "--preserve-digests"] + access.map { "--dest-\($0)" } + ["oci:\(layout.folder):\(tag)", name],
            deadline: .seconds(600))
        try await withTemporaryFolder { folder in
            try await skopeo.check(
                ["copy", "--preserve-digests"] + access.map { "--src-\($0)" } + [name, "dir:\(folder)/out"],
                deadline: .seconds(600))
            try expect(image, tag, in: "\(folder)/out")
        }
    }

    /// Compares a folder as skopeo writes it with an image, byte for byte.
    private func expect(_ image: TestImage, _ tag: String, in folder: String) throws {
        func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")) }
        let isSameManifest = try bytes("manifest.json") == Data(image.manifest.bytes)
        #expect(isSameManifest, "\(tag): manifest")
        for blob in image.blobs {
            let isSame = try bytes(String(blob.digest.dropFirst("sha256:".count))) == Data(blob.bytes)
            #expect(isSame, "\(tag): \(blob.digest)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.count == Set(image.blobs.map(\.digest)).count + 2, "\(tag): \(names)")
    }
}
