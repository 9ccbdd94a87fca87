// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import Glibc

/// Bytes with their digests, computed apart from the code under test.
package struct TestBlob: Sendable {
    package let bytes: [UInt8]
    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { self.init(Array(text.utf8)) }

    /// Bytes that no other test has.
    package static func random(_ count: Int) -> TestBlob {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { if let start = $0.baseAddress { arc4random_buf(start, $0.count) } }
        return TestBlob(bytes)
    }

    package var size: Int { bytes.count }
    package var digest: String { "sha256:" + SHA256.hash(data: bytes).hexadecimal }
    package var sha512: String { "sha512:" + SHA512.hash(data: bytes).hexadecimal }

    /// The descriptor of these bytes, as JSON text.
    package func descriptor(_ mediaType: String, extra: String = "") -> String {
        #"{"mediaType":"\#(mediaType)","digest":"\#(digest)","size":\#(size)\#(extra.isEmpty ? "" : "," + extra)}"#
    }
}

extension Sequence<UInt8> {
    /// Two lower-case hexadecimal digits for each byte.
    package var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// Media types that tests write, spelled out apart from the code under test.
package enum TestMediaType {
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    package static let index = "application/vnd.oci.image.index.v1+json"
    package static let config = "application/vnd.oci.image.config.v1+json"
    package static let layer = "application/vnd.oci.image.layer.v1.tar"
    package static let gzipLayer = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let empty = "application/vnd.oci.empty.v1+json"
    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerList = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerConfig = "application/vnd.docker.container.image.v1+json"
    package static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip"
}
