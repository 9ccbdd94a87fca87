// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A folder in the OCI image layout, as skopeo, buildah and umoci read it (`oci:FOLDER:TAG`).
///
/// Specified by the image-spec, "OCI Image Layout Specification".
package struct ImageLayout: Sendable {
    package let folder: String

    /// Makes an empty layout.
    package init(_ folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(
            atPath: "\(folder)/blobs/sha256", withIntermediateDirectories: true)
        try write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "oci-layout")
        try write(#"{"schemaVersion":2,"manifests":[]}"#, to: "index.json")
    }

    /// Adds bytes by their digest.
    package func add(_ blob: TestBlob) throws {
        try Data(blob.bytes).write(to: URL(fileURLWithPath: path(of: blob.digest)))
    }

    /// Adds an image and tags it.
    package func add(_ image: TestImage, tag: String) throws {
        for blob in image.blobs + [image.manifest] { try add(blob) }
        try name(image.manifest, image.mediaType, tag)
    }

    /// Adds an index with all its images and tags it.
    package func add(index images: [TestImage], tag: String) throws {
        for blob in images.flatMap({ $0.blobs + [$0.manifest] }) { try add(blob) }
        let index = TestImage.index(of: images)
        try add(index)
        try name(index, TestMediaType.index, tag)
    }

    /// Adds and tags an image whose only layer is a mostly empty, uncompressed file of that size.
    ///
    /// The file is sparse, so that it takes no time to make; each 64 MiB of it start with other bytes.
    package func addLargeImage(layerBytes: Int, tag: String) async throws {
        let file = "\(folder)/layer"
        try Data().write(to: URL(fileURLWithPath: file))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        for offset in stride(from: 0, to: layerBytes, by: 64 << 20) {
            try handle.seek(toOffset: UInt64(offset))
            try handle.write(contentsOf: Data(TestBlob.random(4_096).bytes))
        }
        try handle.truncate(atOffset: UInt64(layerBytes))
        try handle.close()
        let printed = try await Tool("openssl").check(["dgst", "-sha256", "-r", file], deadline: .seconds(120))
        let digest = "sha256:" + (printed.split(separator: " ").first ?? "")
        try FileManager.default.moveItem(atPath: file, toPath: path(of: digest))
        let config = TestBlob(
            #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["\#(digest)"]}}"#)
        let layer = #"{"mediaType":"\#(TestMediaType.layer)","digest":"\#(digest)","size":\#(layerBytes)}"#
        let manifest = TestBlob(
            #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.manifest)","config":"#
                + #"\#(config.descriptor(TestMediaType.config)),"layers":[\#(layer)]}"#)
        try add(config)
        try add(manifest)
        try name(manifest, TestMediaType.manifest, tag)
    }

    /// Where the bytes with this digest lie.
    package func path(of digest: String) -> String { "\(folder)/blobs/sha256/\(digest.dropFirst("sha256:".count))" }

    /// Names a manifest whose bytes are already there.
    package func name(_ manifest: TestBlob, _ mediaType: String, _ tag: String) throws {
        let entry = manifest.descriptor(
            mediaType, extra: #""annotations":{"org.opencontainers.image.ref.name":"\#(tag)"}"#)
        let path = URL(fileURLWithPath: "\(folder)/index.json")
        let text = try String(contentsOf: path, encoding: .utf8)
        let separator = text.hasSuffix("[]}") ? "" : ","
        try write(String(text.dropLast(2)) + separator + entry + "]}", to: "index.json")
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }
}
