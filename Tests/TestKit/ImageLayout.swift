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
