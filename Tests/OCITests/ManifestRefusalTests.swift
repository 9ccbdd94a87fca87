// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

private typealias Samples = ManifestSamples

@Suite("Manifest: what is refused")
struct ManifestRefusalTests {
    private static let ociImage = "application/vnd.oci.image.manifest.v1+json"
    private static let ociIndex = "application/vnd.oci.image.index.v1+json"
    private static let dockerImage = "application/vnd.docker.distribution.manifest.v2+json"

    @Test("a body that is an image to one reader and an index to another is refused (CVE-2021-41190)")
    func ambiguous() {
        let child = Samples.descriptor(Self.ociImage)
        #expect(
            refusal(Samples.image(more: #","manifests":[\#(child)]"#)) == .foreignField("manifests", kind: .image))
        #expect(refusal(Samples.image(more: #","manifests":[]"#)) == .foreignField("manifests", kind: .image))
        #expect(refusal(Samples.index(more: #","layers":[]"#)) == .foreignField("layers", kind: .index))
        #expect(
            refusal(Samples.index(more: #","config":\#(Samples.ociConfig)"#)) == .foreignField("config", kind: .index))
        #expect(refusal(Samples.image(more: #","fsLayers":[]"#)) == .foreignField("fsLayers", kind: .image))
        #expect(
            refusal(Samples.image(), Self.ociIndex) == .mediaTypeMismatch(header: Self.ociIndex, body: Self.ociImage))
        #expect(
            refusal(Samples.image(), Self.dockerImage)
                == .mediaTypeMismatch(header: Self.dockerImage, body: Self.ociImage))
        #expect(refusal(Samples.helm, Self.ociIndex) == .foreignField("config", kind: .index))
        #expect(
            refusal(Samples.image(type: "application/vnd.oci.image.Manifest.v1+json"), Self.ociImage)
                == .mediaTypeMismatch(header: Self.ociImage, body: "application/vnd.oci.image.Manifest.v1+json"))
    }

    @Test(
        "a field that some readers take for another is refused",
        arguments: [
            ("Manifests", "manifests"), ("LAYERS", "layers"), ("layer\u{17F}", "layers"), ("Config", "config"),
            ("mediatype", "mediaType"), ("MediaType", "mediaType"), ("Subject", "subject"),
            ("SchemaVersion", "schemaVersion"),
            (#"\u004dediaType"#, "mediaType"),
        ])
    func folded(_ spelling: String, _ meant: String) {
        let refused = refusal(Samples.image(more: #","\#(spelling)":null"#))
        guard case .misspelled(_, let field) = refused else {
            Issue.record("\(spelling): \(String(describing: refused))")
            return
        }
        #expect(field == meant)
    }

    @Test("a field of a descriptor that some readers take for another is refused")
    func foldedDescriptor() {
        let layer = Samples.descriptor("a/b", more: #","Digest":"x""#)
        let text = #"{"schemaVersion":2,"config":\#(Samples.ociConfig),"layers":[\#(layer)]}"#
        #expect(refusal(text, Self.ociImage) == .misspelled(field: "layers[0].Digest", meant: "digest"))
    }

    @Test("schema 1 is refused by name, however it comes")
    func schema1() {
        let body = #"{"schemaVersion":1,"name":"a/b","tag":"x","fsLayers":[],"history":[],"signatures":[]}"#
        for type in ["application/vnd.docker.distribution.manifest.v1+prettyjws", "application/json", nil] {
            #expect(refusal(body, type) == .schema1)
        }
        #expect(refusal(Samples.image(), "application/vnd.docker.distribution.manifest.v1+json") == .schema1)
        #expect(refusal(Samples.image(type: "application/vnd.docker.distribution.manifest.v1+json")) == .schema1)
        #expect(ManifestError.schema1.message.contains("schema 1"))
    }

    @Test(
        "schemaVersion is the number 2",
        arguments: [
            "", #""schemaVersion":"2","#, #""schemaVersion":2.0,"#,
            #""schemaVersion":3,"#, #""schemaVersion":null,"#, #""schemaVersion":2e0,"#, #""schemaVersion":[2],"#,
        ])
    func schemaVersion(_ field: String) {
        let text = #"{\#(field)"config":\#(Samples.ociConfig),"layers":[]}"#
        #expect(refusal(text, Self.ociImage) == .unsupportedSchemaVersion)
    }

    @Test("media types that are no manifest are refused")
    func unsupported() {
        for type in [
            "application/vnd.oci.artifact.manifest.v1+json", "text/plain", "application/x-www-form-urlencoded",
            "application/vnd.oci.image.config.v1+json", "image/png",
        ] {
            #expect(refusal(Samples.helm, type) == .unsupportedMediaType(type))
            let field = "application/vnd.oci.image.manifest.v1+json"
            #expect(refusal(Samples.image(), type) == .mediaTypeMismatch(header: type, body: field))
            #expect(refusal(Samples.image(type: type)) == .unsupportedMediaType(type))
        }
        #expect(refusal(Samples.helm, "nonsense") == .unsupportedMediaType("nonsense"))
        #expect(refusal(Samples.image(type: "nonsense")) == .unsupportedMediaType("nonsense"))
        #expect(
            refusal(Samples.helm.replacing("\"schemaVersion\":2", with: #""schemaVersion":2,"mediaType":5"#))
                == .invalid(field: "mediaType", need: "text"))
    }

    @Test(
        "each fault of a descriptor is named by its path",
        arguments: [
            (#"{"digest":"D","size":1}"#, "mediaType"), (#"{"mediaType":"","digest":"D","size":1}"#, "mediaType"),
            (#"{"mediaType":"x","digest":"D","size":1}"#, "mediaType"),
            (#"{"mediaType":7,"digest":"D","size":1}"#, "mediaType"),
            (#"{"mediaType":"a/b","size":1}"#, "digest"),
            (#"{"mediaType":"a/b","digest":"sha256:00","size":1}"#, "digest"),
            (#"{"mediaType":"a/b","digest":"md5:d41d8cd98f00b204e9800998ecf8427e","size":1}"#, "digest"),
            (#"{"mediaType":"a/b","digest":null,"size":1}"#, "digest"), (#"{"mediaType":"a/b","digest":"D"}"#, "size"),
            (#"{"mediaType":"a/b","digest":"D","size":-1}"#, "size"),
            (#"{"mediaType":"a/b","digest":"D","size":"1"}"#, "size"),
            (#"{"mediaType":"a/b","digest":"D","size":1.0}"#, "size"),
            (#"{"mediaType":"a/b","digest":"D","size":1e3}"#, "size"),
            (#"{"mediaType":"a/b","digest":"D","size":9223372036854775808}"#, "size"),
            (#"{"mediaType":"a/b","digest":"D","size":null}"#, "size"),
            (#"{"mediaType":"a/b","digest":"D","size":1,"urls":"x"}"#, "urls"),
            (#"{"mediaType":"a/b","digest":"D","size":1,"urls":[1]}"#, "urls"),
            (#"{"mediaType":"a/b","digest":"D","size":1,"annotations":[]}"#, "annotations"),
            (#"{"mediaType":"a/b","digest":"D","size":1,"annotations":{"k":1}}"#, "annotations.k"),
            (#"{"mediaType":"a/b","digest":"D","size":1,"annotations":{"k":null}}"#, "annotations.k"),
            (#"{"mediaType":"a/b","digest":"D","size":1,"artifactType":"<x>"}"#, "artifactType"),
            (#"{"mediaType":"a/b","digest":"D","size":1,"data":"QQ=="}"#, "data"),
            (#"{"mediaType":"a/b","digest":"D","size":1,"data":"*"}"#, "data"),
            (#"{"mediaType":"a/b","digest":"D","size":1,"data":5}"#, "data"), ("7", ""), ("[]", ""), ("\"x\"", ""),
        ])
    func descriptors(_ descriptor: String, _ field: String) {
        let descriptor = descriptor.replacing("\"D\"", with: "\"\(Samples.digest)\"")
        let suffix = field.isEmpty ? "" : ".\(field)"
        let image =
            #"{"schemaVersion":2,"config":\#(Samples.ociConfig),"layers":[\#(Samples.ociLayer),\#(descriptor)]}"#
        #expect(path(refusal(image, Self.ociImage)) == "layers[1]\(suffix)")
        let config = #"{"schemaVersion":2,"config":\#(descriptor),"layers":[]}"#
        #expect(path(refusal(config, Self.ociImage)) == "config\(suffix)")
        let index = #"{"schemaVersion":2,"manifests":[\#(descriptor)]}"#
        #expect(path(refusal(index, Self.ociIndex)) == "manifests[0]\(suffix)")
        #expect(path(refusal(Samples.index(more: #","subject":\#(descriptor)"#))) == "subject\(suffix)")
    }

    private func path(_ error: ManifestError?) -> String? {
        switch error {
        case .missing(let field), .invalid(let field, _), .tooMany(let field, _): field
        default: nil
        }
    }

    @Test("fields that must be there are missed, and fields of the wrong kind named")
    func topLevel() {
        #expect(refusal(#"{"schemaVersion":2,"layers":[]}"#, Self.ociImage) == .missing(field: "config"))
        #expect(refusal(#"{"schemaVersion":2,"config":null,"layers":[]}"#, Self.ociImage) == .missing(field: "config"))
        #expect(
            refusal(#"{"schemaVersion":2,"config":\#(Samples.ociConfig)}"#, Self.ociImage) == .missing(field: "layers"))
        #expect(refusal(#"{"schemaVersion":2}"#, Self.ociIndex) == .missing(field: "manifests"))
        #expect(
            refusal(#"{"schemaVersion":2,"manifests":{}}"#, Self.ociIndex)
                == .invalid(field: "manifests", need: "a list"))
        #expect(refusal(Samples.image(more: #","artifactType":"x""#)).map(path) == "artifactType")
        #expect(refusal(Samples.image(more: #","annotations":"x""#)).map(path) == "annotations")
        for text in ["[]", "7", "\"x\"", "null"] { #expect(refusal(text, Self.ociImage) == .notAnObject) }
    }

    @Test("more than the limits is refused")
    func limits() {
        #expect(
            refusal(String(repeating: " ", count: Manifest.byteLimit + 1)) == .tooLarge(bytes: Manifest.byteLimit + 1))
        let layers = Array(repeating: Samples.ociLayer, count: Manifest.descriptorLimit + 1).joined(separator: ",")
        #expect(
            refusal(#"{"schemaVersion":2,"config":\#(Samples.ociConfig),"layers":[\#(layers)]}"#, Self.ociImage)
                == .tooMany(field: "layers", limit: Manifest.descriptorLimit))
        let pairs = (0...Manifest.annotationLimit).map { #""\#($0)":"""# }.joined(separator: ",")
        #expect(
            refusal(Samples.image(more: #","annotations":{\#(pairs)}"#))
                == .tooMany(field: "annotations", limit: Manifest.annotationLimit))
        #expect(
            refusal(Samples.image(more: #","x":"# + String(repeating: "[", count: 100_000)))
                == .invalidJSON(.tooDeep(limit: 64)))
    }

    @Test("sizes that no sum can hold are refused")
    func overflow() {
        let huge = Samples.descriptor("a/b", size: "9223372036854775807")
        #expect(
            refusal(#"{"schemaVersion":2,"config":\#(huge),"layers":[\#(huge)]}"#, Self.ociImage) == .sizeOverflow)
        #expect(refusal(#"{"schemaVersion":2,"manifests":[\#(huge),\#(huge)]}"#, Self.ociIndex) == .sizeOverflow)
    }

    @Test("embedded content must be what the descriptor says")
    func data() {
        func image(_ data: String, size: String = "2") -> String {
            let layer = Samples.descriptor(
                "a/b", "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", size: size,
                more: #","data":"\#(data)""#)
            return #"{"schemaVersion":2,"config":\#(Samples.ociConfig),"layers":[\#(layer)]}"#
        }
        #expect(refusal(image("e30="), Self.ociImage) == nil)
        for data in ["e31=", "e30", "e30==", "e3=0", "e30=e30=", "====", "=", "W10=", "e30-", " e30="] {
            #expect(path(refusal(image(data), Self.ociImage)) == "layers[0].data", "\(data)")
        }
        #expect(path(refusal(image("e30=", size: "3"), Self.ociImage)) == "layers[0].data")
    }

    @Test("JSON that two readers could read differently is refused")
    func json() {
        #expect(refusal(Samples.image() + " x") == .invalidJSON(.trailingBytes(offset: Samples.image().utf8.count + 1)))
        #expect(refusal(Samples.image(more: #","layers":[]"#)) == .invalidJSON(.duplicateKey("layers")))
        #expect(refusal("") == .invalidJSON(.endsTooSoon))
    }
}
