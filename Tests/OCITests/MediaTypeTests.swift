// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@Suite("MediaType")
struct MediaTypeTests {
    @Test(
        "parameters, blanks and letter case do not matter",
        arguments: [
            "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
            "Application/Vnd.OCI.Image.Manifest.v1+JSON", "  application/vnd.oci.image.manifest.v1+json\t;x=\"y;z\" ",
        ])
    func equal(_ text: String) {
        #expect(MediaType(text) == .imageManifest)
        #expect(MediaType(text)?.essence == "application/vnd.oci.image.manifest.v1+json")
    }

    @Test(
        "what is not type and subtype is refused",
        arguments: [
            "", "/", "a", "a/", "/b", "a/b/c", "a b/c", "a/b c", "a/b,c/d", "é/b", "a/b\0", "a/b;\n", "a/b\r\nX: y",
            ";a/b",
            "*/" + String(repeating: "b", count: 128), "text/<script>",
        ])
    func refused(_ text: String) { #expect(MediaType(text) == nil) }

    @Test("non-distributable layers are known by their type")
    func foreign() throws {
        let digest = Digest.sha256(of: [])
        for type in MediaType.nonDistributable {
            #expect(Descriptor(mediaType: type.essence, digest: digest, size: 1).isForeign)
        }
        let layer = Descriptor(mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digest, size: 1)
        #expect(!layer.isForeign && !layer.isManifest)
        #expect(Descriptor(mediaType: MediaType.dockerManifestList.essence, digest: digest, size: 1).isManifest)
    }
}
