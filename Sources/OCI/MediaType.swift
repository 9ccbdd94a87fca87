// SPDX-License-Identifier: Apache-2.0

/// What kind of content bytes are, as `type/subtype`.
///
/// Parameters such as `; charset=utf-8` are read and dropped, and letters become lower case: two media types are equal
/// when their essence is. The parts are the tokens of RFC 9110, section 5.6.2, each at most 127 bytes (RFC 6838).
package struct MediaType: Hashable, Sendable, CustomStringConvertible {
    /// `type/subtype` in lower case.
    package let essence: String

    package var description: String { essence }

    package init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let essence = text.withUTF8({ Self.essence(of: $0) }) else { return nil }
        self.essence = essence
    }

    private init(known: String) { essence = known }
}

extension MediaType {
    package static let imageManifest = MediaType(known: "application/vnd.oci.image.manifest.v1+json")
    package static let imageIndex = MediaType(known: "application/vnd.oci.image.index.v1+json")
    package static let dockerManifest = MediaType(known: "application/vnd.docker.distribution.manifest.v2+json")
    package static let dockerManifestList = MediaType(
        known: "application/vnd.docker.distribution.manifest.list.v2+json")
    package static let dockerManifestV1 = MediaType(known: "application/vnd.docker.distribution.manifest.v1+json")
    package static let dockerManifestV1Signed = MediaType(
        known: "application/vnd.docker.distribution.manifest.v1+prettyjws")
    package static let imageConfig = MediaType(known: "application/vnd.oci.image.config.v1+json")
    package static let dockerConfig = MediaType(known: "application/vnd.docker.container.image.v1+json")
    package static let emptyJSON = MediaType(known: "application/vnd.oci.empty.v1+json")

    /// Layers whose bytes a registry need not hold: image-spec, "Non-Distributable Layers", and Docker's foreign layers.
    package static let nonDistributable: Set<MediaType> = [
        MediaType(known: "application/vnd.oci.image.layer.nondistributable.v1.tar"),
        MediaType(known: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
        MediaType(known: "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"),
        MediaType(known: "application/vnd.docker.image.rootfs.foreign.diff.tar"),
        MediaType(known: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
    ]

    /// Whether this is one of the two manifest formats that no client has pushed since 2017.
    package var isSchema1: Bool { self == .dockerManifestV1 || self == .dockerManifestV1Signed }
}

extension MediaType {
    private static func essence(of text: UnsafeBufferPointer<UInt8>) -> String? {
        let end = text.firstIndex(of: UInt8(ascii: ";")) ?? text.endIndex
        let parts = trimmed(text[..<end])
        guard let slash = parts.firstIndex(of: UInt8(ascii: "/")), isName(parts[..<slash]),
            isName(parts[(slash + 1)...])
        else { return nil }
        guard text[end...].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { return nil }
        return String(decoding: parts.map { ASCII.isUpper($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func trimmed(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Slice<UnsafeBufferPointer<UInt8>> {
        var text = text
        while let first = text.first, isBlank(first) { text.removeFirst() }
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isName(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        (1...127).contains(text.count) && text.allSatisfy(isToken)
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        if ASCII.isAlphanumeric(byte) { return true }
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }
}
