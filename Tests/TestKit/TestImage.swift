// SPDX-License-Identifier: Apache-2.0

/// An image or artifact with everything it names, made for one test.
package struct TestImage: Sendable {
    package let config: TestBlob
    package let layers: [TestBlob]
    package let manifest: TestBlob
    package let mediaType: String
    package let platform: String

    package var blobs: [TestBlob] { [config] + layers }
    /// The manifest's descriptor as an index names it.
    package var descriptor: String {
        let extra = #""platform":{"architecture":"\#(platform)","os":"linux"}"#
        return manifest.descriptor(mediaType, extra: platform.isEmpty ? "" : extra)
    }

    /// A runnable-looking image whose layers are real tar archives with one file each.
    ///
    /// - Parameters:
    ///   - layers: The content of the file in each layer, from the bottom; random when not given.
    ///   - docker: Writes Docker schema 2 instead of OCI.
    package static func make(
        layers contents: [TestBlob]? = nil, platform: String = "amd64", docker: Bool = false
    ) -> TestImage {
        let tars = (contents ?? [.random(2_000), .random(3_000)]).enumerated().map { number, content in
            var tar = TarArchive()
            tar.add("file\(number)", content.bytes)
            return TestBlob(tar.archive)
        }
        let differences = tars.map { #""\#($0.digest)""# }.joined(separator: ",")
        let history = tars.map { _ in #"{"created":"2026-01-01T00:00:00Z","created_by":"test"}"# }.joined(
            separator: ",")
        let config = TestBlob(
            #"{"architecture":"\#(platform)","os":"linux","created":"2026-01-01T00:00:00Z","config":{"Cmd":["/file0"]},"#
                + #""rootfs":{"type":"layers","diff_ids":[\#(differences)]},"history":[\#(history)]}"#)
        let types =
            docker
            ? (
                TestMediaType.dockerManifest, TestMediaType.dockerConfig,
                "application/vnd.docker.image.rootfs.diff.tar"
            )
            : (TestMediaType.manifest, TestMediaType.config, TestMediaType.layer)
        return TestImage(config: config, layers: tars, types: types, platform: platform)
    }

    /// A layer as it is pushed, with the digest of the archive in it.
    package struct Layer: Sendable {
        let blob: TestBlob
        let mediaType: String
        let difference: String

        /// A layer pushed as the archive itself, or as what compressing that gave.
        package init(archive: TestBlob, gzip: TestBlob? = nil) {
            blob = gzip ?? archive
            mediaType = gzip == nil ? TestMediaType.layer : TestMediaType.gzipLayer
            difference = archive.digest
        }
    }

    /// An OCI image of archives that exist already, from the bottom; `title` makes its config one of its own.
    package static func of(_ layers: [Layer], title: String) -> TestImage {
        let differences = layers.map { #""\#($0.difference)""# }.joined(separator: ",")
        let config = TestBlob(
            #"{"architecture":"amd64","os":"linux","config":{"Labels":{"org.opencontainers.image.title":"\#(title)"}},"#
                + #""rootfs":{"type":"layers","diff_ids":[\#(differences)]}}"#)
        let list = layers.map { $0.blob.descriptor($0.mediaType) }.joined(separator: ",")
        let manifest = TestBlob(
            #"{"schemaVersion":2,"mediaType":"\#(TestMediaType.manifest)","#
                + #""config":\#(config.descriptor(TestMediaType.config)),"layers":[\#(list)]}"#)
        return TestImage(
            config: config, layers: layers.map(\.blob), manifest: manifest, mediaType: TestMediaType.manifest,
            platform: "amd64")
    }

    /// An OCI artifact: the empty config and one payload.
    ///
    /// - Parameter subject: The descriptor of the manifest that it is about.
    package static func artifact(
        type: String, payload: TestBlob = .random(500), subject: String? = nil,
        annotations: [String: String] = [:]
    ) -> TestImage {
        let config = TestBlob("{}")
        let notes = annotations.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }
        let fields =
            [
                #""schemaVersion":2"#, #""mediaType":"\#(TestMediaType.manifest)""#, #""artifactType":"\#(type)""#,
                #""config":\#(config.descriptor(TestMediaType.empty))"#, #""layers":[\#(payload.descriptor(type))]"#,
            ] + (subject.map { [#""subject":\#($0)"#] } ?? [])
            + (notes.isEmpty ? [] : [#""annotations":{\#(notes.joined(separator: ","))}"#])
        return TestImage(
            config: config, layers: [payload], manifest: TestBlob("{\(fields.joined(separator: ","))}"),
            mediaType: TestMediaType.manifest, platform: "")
    }

    /// An index over `images`.
    package static func index(of images: [TestImage], docker: Bool = false) -> TestBlob {
        let type = docker ? TestMediaType.dockerList : TestMediaType.index
        let children = images.map(\.descriptor).joined(separator: ",")
        return TestBlob(#"{"schemaVersion":2,"mediaType":"\#(type)","manifests":[\#(children)]}"#)
    }

    private init(
        config: TestBlob, layers: [TestBlob], types: (manifest: String, config: String, layer: String),
        platform: String
    ) {
        let list = layers.map { $0.descriptor(types.layer) }.joined(separator: ",")
        self.init(
            config: config, layers: layers,
            manifest: TestBlob(
                #"{"schemaVersion":2,"mediaType":"\#(types.manifest)","config":\#(config.descriptor(types.config)),"#
                    + #""layers":[\#(list)]}"#),
            mediaType: types.manifest, platform: platform)
    }

    private init(
        config: TestBlob, layers: [TestBlob], manifest: TestBlob, mediaType: String, platform: String
    ) {
        self.config = config
        self.layers = layers
        self.manifest = manifest
        self.mediaType = mediaType
        self.platform = platform
    }
}
