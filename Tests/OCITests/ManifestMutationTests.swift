// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@Suite("Manifest: mutated input")
struct ManifestMutationTests {
    private static let types: [String?] = [
        nil, "application/json", "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
    private static let splices = [
        "null", "[]", "{}", "-1", "9223372036854775808", "1e999", "\"\"", "\\ud800", "\\u0000", "\"layers\":",
        "\u{FEFF}",
        "{\"a\":", "[[[[[[[[", "sha512:", "\u{0}", "é", ",", "\"", "\\",
    ].map { Array($0.utf8) }

    @Test("no mutation of a manifest crashes the reader, and what it accepts keeps its promises", arguments: 1...8)
    func mutations(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let samples = (ManifestSamples.all + [ManifestSamples.helm]).map { Array($0.utf8) }
        var accepted = 0
        for _ in 0..<1_500 {
            guard let sample = samples.randomElement(using: &random) else { return }
            let bytes = mutate(sample, &random)
            let type = Self.types.randomElement(using: &random) ?? nil
            guard let manifest = try? Manifest(parsing: bytes, contentType: type) else { continue }
            accepted += 1
            try checkPromises(of: manifest, bytes, type)
        }
        #expect(accepted > 0)  // else the mutations are too wild to say anything about the accepted side
    }

    @Test("every prefix of a manifest is refused, and nothing after it is ignored")
    func prefixes() {
        for sample in ManifestSamples.all.map({ Array($0.utf8) }) {
            for end in 0..<sample.count {
                #expect(throws: ManifestError.self) {
                    try Manifest(parsing: Array(sample[..<end]), contentType: nil)
                }
            }
            for tail in ["{", "}", "0", "\0", ",", sample.count.description] {
                #expect(throws: ManifestError.self) {
                    try Manifest(parsing: sample + Array(tail.utf8), contentType: nil)
                }
            }
        }
    }

    private func mutate(_ sample: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = sample
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let at = Int.random(in: 0..<max(bytes.count, 1), using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2 where at < bytes.count: bytes.removeSubrange(at..<min(at + 9, bytes.count))
            case 3: bytes.insert(contentsOf: Self.splices.randomElement(using: &random) ?? [], at: at)
            case 4: bytes.insert(contentsOf: bytes[at..<min(at + 40, bytes.count)], at: at)
            default: bytes.insert(UInt8(ascii: " "), at: at)
            }
        }
        return bytes
    }

    /// What callers rely on: types as documented, digests and sizes that read back, sums that do not overflow, and a
    /// value that is the same when its JSON is written again.
    private func checkPromises(of manifest: Manifest, _ bytes: [UInt8], _ type: String?) throws {
        let mediaType = try #require(MediaType(manifest.mediaType))
        #expect(mediaType.essence == manifest.mediaType)
        #expect(Manifest.Kind(mediaType: mediaType) == manifest.kind)
        #expect(manifest.kind == .image ? manifest.children.isEmpty : manifest.blobs.isEmpty)
        #expect((manifest.config == nil) == (manifest.kind == .index))
        var sum: Int64 = 0
        for descriptor in manifest.blobs + manifest.children {
            #expect(Digest(descriptor.digest.description) == descriptor.digest)
            #expect(descriptor.size >= 0)
            #expect(MediaType(descriptor.mediaType) != nil)
            sum += descriptor.size
        }
        let value = try JSONValue(parsing: bytes)
        var json = JSONWriter()
        json.value(value)
        #expect(try JSONValue(parsing: json.bytes) == value)
        let again = try Manifest(parsing: json.bytes, contentType: type)
        #expect(again.blobs == manifest.blobs && again.children == manifest.children)
        #expect(again.subject == manifest.subject && again.annotations == manifest.annotations)
        #expect(again.mediaType == manifest.mediaType && again.artifactType == manifest.artifactType)
    }
}
