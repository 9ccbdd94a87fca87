// SPDX-License-Identifier: Apache-2.0
import OCI

/// Manifests in the shapes that real clients push.
enum ManifestSamples {
    static let hex = String(repeating: "0123456789abcdef", count: 4)
    static let digest = "sha256:\(hex)"
    static let long = "sha512:\(hex)\(hex)"

    static func descriptor(_ type: String, _ digest: String = digest, size: String = "7023", more: String = "")
        -> String
    {
        #"{"mediaType":"\#(type)","digest":"\#(digest)","size":\#(size)\#(more)}"#
    }

    static let ociConfig = descriptor("application/vnd.oci.image.config.v1+json")
    static let ociLayer = descriptor("application/vnd.oci.image.layer.v1.tar+gzip")
    static let emptyConfig = descriptor(
        "application/vnd.oci.empty.v1+json", "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        size: "2", more: #","data":"e30=""#)

    static func image(type: String = "application/vnd.oci.image.manifest.v1+json", more: String = "") -> String {
        #"{"schemaVersion":2,"mediaType":"\#(type)","config":\#(ociConfig),"layers":[\#(ociLayer),\#(ociLayer)]\#(more)}"#
    }

    static func index(type: String = "application/vnd.oci.image.index.v1+json", more: String = "") -> String {
        let child = descriptor(
            "application/vnd.oci.image.manifest.v1+json", more: #","platform":{"architecture":"amd64","os":"linux"}"#)
        return #"{"schemaVersion":2,"mediaType":"\#(type)","manifests":[\#(child)]\#(more)}"#
    }

    static let docker = """
        {
           "schemaVersion": 2,
           "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
           "config": \(descriptor("application/vnd.docker.container.image.v1+json")),
           "layers": [
              \(descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", size: "32654")),
              \(descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", more: #","urls":["https://x.example/a"]"#))
           ]
        }
        """
    static let dockerList = """
        {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[
        \(descriptor("application/vnd.docker.distribution.manifest.v2+json")),
        \(descriptor("application/vnd.docker.distribution.manifest.v2+json", more: #","platform":{"os":"windows"}"#))]}
        """
    static let cosign = """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":\(ociConfig),"layers":[
        \(descriptor("application/vnd.dev.cosign.simplesigning.v1+json", size: "243",
            more: #","annotations":{"dev.cosignproject.cosign/signature":"MEUCIQD/8w=="}"#))]}
        """
    static let referrer = """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
        "artifactType":"application/vnd.example.sbom.v1","config":\(emptyConfig),"layers":[\(emptyConfig)],
        "subject":\(descriptor("application/vnd.oci.image.manifest.v1+json", long)),
        "annotations":{"org.opencontainers.image.created":"2026-01-02T03:04:05Z","zero":""}}
        """
    static let helm = """
        {"schemaVersion":2,"config":\(descriptor("application/vnd.cncf.helm.config.v1+json", size: "117")),
        "layers":[\(descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip"))],"annotations":{"version":"0.1.0"}}
        """

    static let all: [String] = [
        image(), index(), docker, dockerList, cosign, referrer,
        image(more: #","annotations":{"a":"b"},"org.example.extra":{"x":[1,2.5e3,null]}"#),
        index(more: #","artifactType":"application/x.y","subject":\#(ociLayer),"annotations":null"#),
    ]
}

/// The error of a manifest that must be refused, or nil when it was accepted.
func refusal(_ text: String, _ contentType: String? = nil) -> ManifestError? {
    do throws(ManifestError) {
        _ = try Manifest(parsing: Array(text.utf8), contentType: contentType)
        return nil
    } catch {
        return error
    }
}

func parse(_ text: String, _ contentType: String? = nil) throws(ManifestError) -> Manifest {
    try Manifest(parsing: Array(text.utf8), contentType: contentType)
}
