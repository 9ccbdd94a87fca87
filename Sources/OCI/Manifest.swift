// SPDX-License-Identifier: Apache-2.0

/// What a manifest says. Its bytes are stored and served as they came; this is only the registry's view of them.
///
/// Specified by image-spec 1.1, "Image Manifest" and "Image Index", and by Docker's schema 2 for its two older twins.
package struct Manifest: Sendable {
    /// What it describes: one image or artifact with its blobs, or a list of other manifests.
    package enum Kind: Sendable, Hashable {
        case image, index
    }

    package let kind: Kind
    /// One of the four media types that Haven serves, exactly as to be sent in `Content-Type`.
    package let mediaType: String
    /// The manifest's own `artifactType`; for an image without one, the media type of its config.
    package let artifactType: String?
    /// The manifest that this one says something about; it need not exist.
    package let subject: Descriptor?
    /// Images only.
    package let config: Descriptor?
    /// Images only, in order.
    package let layers: [Descriptor]
    /// Indexes only, in order.
    package let children: [Descriptor]
    package let annotations: Annotations

    /// The most bytes a manifest may have: distribution-spec wants registries to take at least 4 megabytes.
    package static let byteLimit = 4_194_304
    /// The most layers, or children, of one manifest.
    package static let descriptorLimit = 10_000
    /// The most annotations of one manifest or descriptor.
    package static let annotationLimit = 10_000

    /// Reads a manifest, strictly, so that Haven and every client see the same thing in it.
    ///
    /// - Parameters:
    ///   - bytes: The body as received.
    ///   - contentType: The `Content-Type` header. A manifest without the field `mediaType` is what this says; one with the
    ///     field may come with no header; otherwise the two must agree (CVE-2021-41190; distribution-spec, "Pushing
    ///     Manifests": clients must set the header to the field's value).
    /// - Throws: ``ManifestError``, whose message tells the client what to change.
    package init(parsing bytes: [UInt8], contentType: String?) throws(ManifestError) {
        guard bytes.count <= Self.byteLimit else { throw .tooLarge(bytes: bytes.count) }
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONValue(parsing: bytes)
        } catch {
            throw .invalidJSON(error)
        }
        try self.init(ManifestObject(root: root), contentType: contentType)
    }

    /// Config and layers: every blob that an image needs.
    package var blobs: [Descriptor] { (config.map { [$0] } ?? []) + layers }
}

extension Manifest.Kind {
    /// The kind that one of the four supported media types stands for, else nil.
    package init?(mediaType: MediaType) {
        switch mediaType {
        case .imageManifest, .dockerManifest: self = .image
        case .imageIndex, .dockerManifestList: self = .index
        default: return nil
        }
    }
}
