// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@Suite("Digest")
struct DigestTests {
    static let abc256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    static let abc512 =
        "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

    @Test("a digest reads as it was written", arguments: [abc256, abc512])
    func roundTrip(_ text: String) throws {
        let digest = try #require(Digest(text))
        #expect(digest.description == text)
        #expect(digest.hex == text.dropFirst(7))
        #expect(Digest(digest.algorithm, bytes: digest.bytes) == digest)
        #expect(Digest("x\(text)y".dropFirst().dropLast()) == digest)
    }

    @Test(
        "what is not exactly a digest is refused",
        arguments: [
            "", "sha256", "sha256:", "sha256:baddigeststring", "sha256:" + String(repeating: "g", count: 64),
            "sha256:" + String(repeating: "A", count: 64), "SHA256:" + String(repeating: "a", count: 64),
            "sha256:" + String(repeating: "a", count: 63), "sha256:" + String(repeating: "a", count: 65),
            "sha256:" + String(repeating: "a", count: 128), "sha512:" + String(repeating: "a", count: 64),
            "sha384:" + String(repeating: "a", count: 96), "md5:" + String(repeating: "a", count: 32),
            " " + abc256, abc256 + " ", abc256 + "\n", "sha256:" + String(repeating: "é", count: 32),
            "sha256;" + String(repeating: "a", count: 64), "sha256:../" + String(repeating: "a", count: 61),
            String(repeating: "a", count: 64), "sha256:" + String(repeating: "a", count: 63) + "\0",
        ])
    func refused(_ text: String) { #expect(Digest(text) == nil) }

    @Test("the digests of known bytes are the published ones")
    func knownValues() {
        #expect(Digest.sha256(of: Array("abc".utf8)).description == Self.abc256)
        #expect(Digest.of(Array("abc".utf8), .sha512).description == Self.abc512)
        #expect(
            Digest.sha256(of: []).description
                == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test(
        "a running digest goes on after it was read, and a copy goes its own way", arguments: Digest.Algorithm.allCases)
    func running(_ algorithm: Digest.Algorithm) {
        var hasher = DigestHasher(algorithm)
        #expect(hasher.finish() == Digest.of([], algorithm))
        Array("ab".utf8).withUnsafeBytes { hasher.update($0) }
        let fork = hasher
        Array("c".utf8).withUnsafeBytes { hasher.update($0) }
        #expect(hasher.finish() == Digest.of(Array("abc".utf8), algorithm))
        #expect(fork.finish() == Digest.of(Array("ab".utf8), algorithm))
    }

    @Test("digests sort as their text sorts, and equal ones are one in a set")
    func order() {
        let digests = (0..<200).flatMap { number in
            Digest.Algorithm.allCases.map { Digest.of([UInt8(number)], $0) }
        }
        #expect(digests.sorted().map(\.description) == digests.map(\.description).sorted())
        #expect(Set(digests + digests).count == 400)
    }
}
