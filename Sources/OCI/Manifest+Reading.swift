// SPDX-License-Identifier: Apache-2.0

extension Manifest {
    private static let fields = [
        "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations",
        "fsLayers", "history", "signatures",
    ]

    init(_ root: ManifestObject, contentType: String?) throws(ManifestError) {
        try root.refuseMisspelled(Self.fields)
        let type = try Self.type(of: root, contentType: contentType)
        // Every type that `type(of:contentType:)` returns has a kind; the fallback only satisfies the compiler.
        let kind = Kind(mediaType: type) ?? .image
        try Self.checkFields(of: root, kind)

        self.kind = kind
        mediaType = type.essence
        annotations = try root.annotations()
        subject = try Descriptor(root, optional: "subject")
        let ownType = try root.mediaType("artifactType")
        switch kind {
        case .image:
            guard let config = try Descriptor(root, optional: "config") else { throw .missing(field: "config") }
            self.config = config
            artifactType = ownType ?? config.mediaType
            layers = try Descriptor.list(root, "layers")
            children = []
        case .index:
            config = nil
            artifactType = ownType
            layers = []
            children = try Descriptor.list(root, "manifests")
        }
        try checkSizes()
    }

    /// What the manifest is, by its header and its own field.
    private static func type(of root: ManifestObject, contentType: String?) throws(ManifestError) -> MediaType {
        if root.value("schemaVersion")?.integer == 1 { throw .schema1 }
        let header = try headerType(contentType)
        let field = try root.text("mediaType")
        for type in [header, field.flatMap { MediaType($0) }] where type?.isSchema1 == true { throw .schema1 }
        guard root.value("schemaVersion")?.integer == 2 else { throw .unsupportedSchemaVersion }
        guard let type = header ?? field.flatMap({ MediaType($0) }) else {
            if let field { throw .unsupportedMediaType(field) }
            throw .mediaTypeMissing
        }
        guard Kind(mediaType: type) != nil else {
            // A header that only says "JSON" is another than the field, whatever the field says.
            if header != nil, let field, MediaType(field).flatMap({ Kind(mediaType: $0) }) != nil {
                throw .mediaTypeMismatch(header: type.essence, body: field)
            }
            throw .unsupportedMediaType(type.essence)
        }
        // Compared with the text itself: clients that compare exactly must not see another type than Haven does.
        if let field, field != type.essence { throw .mediaTypeMismatch(header: type.essence, body: field) }
        return type
    }

    /// The media type of the header; nil when there is none.
    private static func headerType(_ contentType: String?) throws(ManifestError) -> MediaType? {
        guard let contentType, !contentType.isEmpty else { return nil }
        guard let type = MediaType(contentType) else { throw .unsupportedMediaType(contentType) }
        return type
    }

    /// Refuses what would be an image to one reader and an index to another (CVE-2021-41190).
    private static func checkFields(of root: ManifestObject, _ kind: Kind) throws(ManifestError) {
        let needed: [String]
        let foreign: [String]
        switch kind {
        case .image: (needed, foreign) = (["config", "layers"], ["manifests", "fsLayers", "history"])
        case .index: (needed, foreign) = (["manifests"], ["config", "layers", "fsLayers", "history"])
        }
        for field in foreign where root.value(field) != nil { throw .foreignField(field, kind: kind) }
        for field in needed where !root.has(field) { throw .missing(field: field) }
    }

    /// Makes every later sum of sizes safe.
    private func checkSizes() throws(ManifestError) {
        var total: Int64 = 0
        for descriptor in blobs + children {
            let (sum, overflow) = total.addingReportingOverflow(descriptor.size)
            guard !overflow else { throw .sizeOverflow }
            total = sum
        }
    }
}

extension Descriptor {
    private static let fields = ["mediaType", "digest", "size", "urls", "annotations", "artifactType", "data"]
    private static let urlLimit = 1_000

    /// Reads the descriptor under a field, or nil when there is none.
    init?(_ object: ManifestObject, optional field: String) throws(ManifestError) {
        guard let value = object.value(field) else { return nil }
        try self.init(value, at: object.path(of: field))
    }

    static func list(_ object: ManifestObject, _ field: String) throws(ManifestError) -> [Descriptor] {
        let values = try object.list(field, limit: Manifest.descriptorLimit)
        var descriptors: [Descriptor] = []
        descriptors.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            descriptors.append(try Descriptor(value, at: "\(object.path(of: field))[\(index)]"))
        }
        return descriptors
    }

    private init(_ value: JSONValue, at path: String) throws(ManifestError) {
        let object = try ManifestObject(value, at: path)
        try object.refuseMisspelled(Self.fields)
        guard let mediaType = try object.mediaType("mediaType") else {
            throw .missing(field: object.path(of: "mediaType"))
        }
        self.mediaType = mediaType
        digest = try Self.digest(object)
        size = try Self.size(object)
        artifactType = try object.mediaType("artifactType")
        annotations = try object.annotations()
        urls = try Self.urls(object)
        try Self.checkData(object, digest, size)
    }

    private static func digest(_ object: ManifestObject) throws(ManifestError) -> Digest {
        guard let text = try object.text("digest") else { throw .missing(field: object.path(of: "digest")) }
        guard let digest = Digest(text) else {
            throw .invalid(
                field: object.path(of: "digest"), need: "a sha256 or sha512 digest in lower-case hexadecimal")
        }
        return digest
    }

    private static func size(_ object: ManifestObject) throws(ManifestError) -> Int64 {
        guard let value = object.value("size") else { throw .missing(field: object.path(of: "size")) }
        guard let size = value.integer, size >= 0 else {
            throw .invalid(field: object.path(of: "size"), need: "a whole number of bytes, 0 or more")
        }
        return size
    }

    private static func urls(_ object: ManifestObject) throws(ManifestError) -> [String] {
        var urls: [String] = []
        for value in try object.list("urls", limit: urlLimit) {
            guard let url = value.string else { throw .invalid(field: object.path(of: "urls"), need: "a list of text") }
            urls.append(url)
        }
        return urls
    }

    /// Refuses embedded content that is not what the descriptor names: image-spec, "Embedded Content".
    private static func checkData(_ object: ManifestObject, _ digest: Digest, _ size: Int64) throws(ManifestError) {
        guard let text = try object.text("data") else { return }
        guard let data = Base64.decode(text) else { throw .invalid(field: object.path(of: "data"), need: "base64") }
        guard data.count == size, Digest.of(data, digest.algorithm) == digest else {
            throw .invalid(field: object.path(of: "data"), need: "the content that digest and size describe")
        }
    }
}
