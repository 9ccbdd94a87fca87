// SPDX-License-Identifier: Apache-2.0

/// What one piece of content says about another: its kind, its digest and its size.
///
/// Specified by image-spec, "OCI Content Descriptors".
package struct Descriptor: Sendable, Hashable {
    /// As written in the manifest.
    package let mediaType: String
    package let digest: Digest
    /// Bytes, 0 or more.
    package let size: Int64
    package let artifactType: String?
    package let annotations: Annotations
    /// Where else the content can be had.
    package let urls: [String]

    package init(
        mediaType: String, digest: Digest, size: Int64, artifactType: String? = nil,
        annotations: Annotations = Annotations(), urls: [String] = []
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.artifactType = artifactType
        self.annotations = annotations
        self.urls = urls
    }

    /// Whether this is a layer that a registry need not hold: image-spec's non-distributable and Docker's foreign layers.
    package var isForeign: Bool { MediaType(mediaType).map(MediaType.nonDistributable.contains) ?? false }

    /// Whether this names a manifest or an index of the kinds Haven stores, and not a blob.
    package var isManifest: Bool { MediaType(mediaType).flatMap(Manifest.Kind.init(mediaType:)) != nil }
}

/// Text under keys, in the order written; each key stands once.
package struct Annotations: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package let key: String
        package let value: String
    }

    package let entries: [Entry]

    package init() { entries = [] }

    /// Takes pairs; of equal keys the first counts.
    package init(_ pairs: some Sequence<(String, String)>) {
        var seen: Set<String> = []
        entries = pairs.filter { seen.insert($0.0).inserted }.map { Entry(key: $0.0, value: $0.1) }
    }

    /// Takes the members of an object that holds only text.
    init(entries: [Entry]) { self.entries = entries }

    package var isEmpty: Bool { entries.isEmpty }

    package var count: Int { entries.count }

    package subscript(key: String) -> String? { entries.first { $0.key == key }?.value }

    /// Writes the entries as one JSON object.
    package func write(to json: inout JSONWriter) {
        json.beginObject()
        for entry in entries { json.member(entry.key, entry.value) }
        json.endObject()
    }
}
