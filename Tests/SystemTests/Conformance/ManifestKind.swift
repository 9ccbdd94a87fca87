// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// A kind of manifest that a registry must take, and how to make one.
struct ManifestKind: Sendable, CustomTestStringConvertible {
    /// A manifest with what must be pushed before it.
    struct Made {
        var blobs: [TestBlob] = []
        var children: [(bytes: TestBlob, mediaType: String)] = []
        let manifest: (bytes: TestBlob, mediaType: String)
    }

    let testDescription: String
    let make: @Sendable () -> Made

    static let all = [
        ManifestKind("image") { image(.make()) },
        ManifestKind("Docker schema 2 image") { image(.make(docker: true)) },
        ManifestKind("index") { index([.make(), .make(platform: "arm64")]) },
        ManifestKind("Docker manifest list") {
            index([.make(docker: true), .make(platform: "arm64", docker: true)], docker: true)
        },
        ManifestKind("nested index", nestedIndex),
        ManifestKind("empty index") { index([]) },
        ManifestKind("image with no layers") { image(manifest: #""layers":[]"#) },
        ManifestKind("artifact") { image(.artifact(type: "application/vnd.example.thing")) },
        ManifestKind("artifact without content") {
            image(
                manifest:
                    #""artifactType":"application/x","layers":[\#(TestBlob("{}").descriptor(TestMediaType.empty))]"#)
        },
        ManifestKind("artifact index") {
            Made(
                manifest: (
                    index(#""artifactType":"application/vnd.example.thing","manifests":[]"#), TestMediaType.index
                ))
        },
        ManifestKind("image with a data field", dataField),
        ManifestKind("image with unknown fields") {
            image(manifest: #""layers":[],"org.example.extra":{"deep":[1,2.5e3,null,true]},"more":"\u0041""#)
        },
        ManifestKind("image with layers that may not be distributed", foreignLayers),
        ManifestKind("image whose subject is missing") {
            image(.artifact(type: "application/x", subject: TestBlob.random(123).descriptor(TestMediaType.manifest)))
        },
        ManifestKind("image of 3.9 million bytes", large),
    ]

    init(_ description: String, _ make: @escaping @Sendable () -> Made) {
        testDescription = description
        self.make = make
    }

    private static func image(_ image: TestImage) -> Made {
        Made(blobs: image.blobs, manifest: (image.manifest, image.mediaType))
    }

    /// An image with the empty config and these other fields.
    private static func image(manifest fields: String, blobs: [TestBlob] = []) -> Made {
        let config = TestBlob("{}")
        let text =
            #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.manifest)","config":"#
            + #"\#(config.descriptor(TestMediaType.empty)),\#(fields)}"#
        return Made(blobs: [config] + blobs, manifest: (TestBlob(text), TestMediaType.manifest))
    }

    private static func index(_ images: [TestImage], docker: Bool = false) -> Made {
        Made(
            blobs: images.flatMap(\.blobs), children: images.map { ($0.manifest, $0.mediaType) },
            manifest: (
                TestImage.index(of: images, docker: docker), docker ? TestMediaType.dockerList : TestMediaType.index
            ))
    }

    private static func index(_ fields: String) -> TestBlob {
        TestBlob(#"{"schemaVersion":2,"mediaType":"\#(TestMediaType.index)",\#(fields)}"#)
    }

    @Sendable private static func nestedIndex() -> Made {
        let inner = index([.make()])
        let outer = index(#""manifests":[\#(inner.manifest.bytes.descriptor(TestMediaType.index))]"#)
        return Made(
            blobs: inner.blobs, children: inner.children + [inner.manifest], manifest: (outer, TestMediaType.index))
    }

    @Sendable private static func dataField() -> Made {
        let layer = TestBlob("hello")
        let descriptor = layer.descriptor("text/plain", extra: #""data":"aGVsbG8=""#)
        return image(manifest: #""layers":[\#(descriptor)]"#, blobs: [layer])
    }

    @Sendable private static func foreignLayers() -> Made {
        let layers = ["tar", "tar+gzip"].map { suffix in
            TestBlob.random(12).descriptor(
                "application/vnd.oci.image.layer.nondistributable.v1.\(suffix)",
                extra: #""urls":["https://store.example.com/blob"]"#)
        }
        let own = TestBlob.random(100)
        return image(
            manifest: #""layers":[\#((layers + [own.descriptor(TestMediaType.layer)]).joined(separator: ","))]"#,
            blobs: [own])
    }

    @Sendable private static func large() -> Made {
        let value = String(repeating: "A", count: 10_000)
        let annotations = (0..<390).map { #""large-annotation-\#($0)":"\#(value)""# }.joined(separator: ",")
        return image(manifest: #""layers":[],"annotations":{\#(annotations)}"#)
    }
}
