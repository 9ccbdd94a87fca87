// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

private typealias Samples = ManifestSamples

@Suite("Manifest: what is accepted")
struct ManifestTests {
    @Test("an image manifest names its config and its layers in order")
    func image() throws {
        let manifest = try parse(Samples.image(), "application/vnd.oci.image.manifest.v1+json")
        #expect(manifest.kind == .image)
        #expect(manifest.mediaType == "application/vnd.oci.image.manifest.v1+json")
        #expect(manifest.artifactType == "application/vnd.oci.image.config.v1+json")
        #expect(manifest.config?.digest.description == Samples.digest)
        #expect(manifest.layers.map(\.size) == [7023, 7023])
        #expect(manifest.blobs.count == 3)
        #expect(manifest.children.isEmpty && manifest.subject == nil && manifest.annotations.isEmpty)
    }

    @Test("an index names its children, and has an artifact type only when it says so")
    func index() throws {
        let manifest = try parse(Samples.index())
        #expect(manifest.kind == .index)
        #expect(manifest.artifactType == nil)
        #expect(manifest.children.map(\.isManifest) == [true])
        #expect(manifest.config == nil && manifest.blobs.isEmpty)
        let typed = try parse(Samples.index(more: #","artifactType":"application/x.y""#))
        #expect(typed.artifactType == "application/x.y")
    }

    @Test("an index may hold indexes, other content, or nothing")
    func nested() throws {
        let types = ["application/vnd.oci.image.index.v1+json", "application/vnd.buildkit.cacheconfig.v0"]
        let children = types.map { Samples.descriptor($0) }.joined(separator: ",")
        let manifest = try parse(
            #"{"schemaVersion":2,"manifests":[\#(children)]}"#, "application/vnd.oci.image.index.v1+json")
        #expect(manifest.children.map(\.isManifest) == [true, false])
        for empty in ["[]", "null"] {
            let type = "application/vnd.docker.distribution.manifest.list.v2+json"
            let manifest = try parse(#"{"schemaVersion":2,"mediaType":"\#(type)","manifests":\#(empty)}"#, type)
            #expect(manifest.kind == .index && manifest.children.isEmpty)
        }
    }

    @Test("Docker's two formats are served under their own types; foreign layers are known")
    func docker() throws {
        let manifest = try parse(Samples.docker, "application/vnd.docker.distribution.manifest.v2+json")
        #expect(manifest.mediaType == "application/vnd.docker.distribution.manifest.v2+json")
        #expect(manifest.layers.map(\.isForeign) == [false, true])
        #expect(manifest.layers.last?.urls == ["https://x.example/a"])
        let list = try parse(Samples.dockerList)
        #expect(list.kind == .index && list.children.count == 2)
        #expect(list.mediaType == "application/vnd.docker.distribution.manifest.list.v2+json")
    }

    @Test("an artifact has its own type, a subject that need not exist, and annotations in order")
    func artifact() throws {
        let manifest = try parse(Samples.referrer)
        #expect(manifest.artifactType == "application/vnd.example.sbom.v1")
        #expect(manifest.subject?.digest.algorithm == .sha512)
        #expect(manifest.subject?.digest.description == Samples.long)
        #expect(manifest.annotations.entries.map(\.key) == ["org.opencontainers.image.created", "zero"])
        #expect(manifest.annotations["zero"] == "")
        var json = JSONWriter()
        manifest.annotations.write(to: &json)
        let text = #"{"org.opencontainers.image.created":"2026-01-02T03:04:05Z","zero":""}"#
        #expect(json.bytes == Array(text.utf8))
    }

    @Test("a manifest without a media type is what the header says")
    func helm() throws {
        let manifest = try parse(Samples.helm, "application/vnd.oci.image.manifest.v1+json; charset=utf-8")
        #expect(manifest.mediaType == "application/vnd.oci.image.manifest.v1+json")
        #expect(manifest.artifactType == "application/vnd.cncf.helm.config.v1+json")
        let docker = try parse(Samples.helm, "application/vnd.docker.distribution.manifest.v2+json")
        #expect(docker.mediaType == "application/vnd.docker.distribution.manifest.v2+json")
    }

    @Test("the field says it when there is no header", arguments: [nil, ""] as [String?])
    func headerless(_ header: String?) throws {
        #expect(try parse(Samples.cosign, header).kind == .image)
        #expect(refusal(Samples.helm, header) == .mediaTypeMissing)
    }

    @Test(
        "a header that only says JSON or bytes is not what the manifest is, whatever the field says",
        arguments: ["application/json", "application/json; charset=utf-8", "application/octet-stream"])
    func vagueHeader(_ header: String) {
        let essence = String(header.prefix { $0 != ";" })
        #expect(
            refusal(Samples.cosign, header)
                == .mediaTypeMismatch(header: essence, body: "application/vnd.oci.image.manifest.v1+json"))
        #expect(refusal(Samples.helm, header) == .unsupportedMediaType(essence))
    }

    @Test("an image may have no layers, empty optional fields and fields unknown to anyone")
    func bounds() throws {
        for layers in ["[]", "null"] {
            let manifest = try parse(
                """
                {"schemaVersion":2,"config":\(Samples.emptyConfig),"layers":\(layers),"annotations":null,"subject":null,
                "artifactType":"","manifests":null,"x":{"y":[]},"blobs":[1]}
                """, "application/vnd.oci.image.manifest.v1+json")
            #expect(manifest.layers.isEmpty && manifest.subject == nil)
            #expect(manifest.artifactType == "application/vnd.oci.empty.v1+json")
        }
    }

    @Test("sizes from zero to the largest 64-bit number are kept exactly")
    func sizes() throws {
        let layer = Samples.descriptor("a/b", size: "0")
        let config = Samples.descriptor("a/b", size: "9223372036854775807")
        let manifest = try parse(
            #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layer)]}"#,
            "application/vnd.oci.image.manifest.v1+json")
        #expect(manifest.config?.size == .max && manifest.layers.map(\.size) == [0])
    }

    @Test("as many layers and annotations as the limits allow are read")
    func atTheLimits() throws {
        let layers = Array(repeating: Samples.ociLayer, count: Manifest.descriptorLimit).joined(separator: ",")
        let text = #"{"schemaVersion":2,"config":\#(Samples.ociConfig),"layers":[\#(layers)]}"#
        let manifest = try parse(text, "application/vnd.oci.image.manifest.v1+json")
        #expect(manifest.layers.count == Manifest.descriptorLimit)
    }

    @Test("a manifest of 390 annotations of 10,000 letters is read")
    func large() throws {
        let letters = String(repeating: "x", count: 10_000)
        let annotations = (0..<390).map { #""k\#($0)":"\#(letters)""# }.joined(separator: ",")
        let text = Samples.image(more: #","annotations":{\#(annotations)}"#)
        #expect(text.utf8.count > 3_900_000)
        let manifest = try parse(text)
        #expect(manifest.annotations.count == 390)
        #expect(manifest.annotations["k389"] == letters)
    }
}
