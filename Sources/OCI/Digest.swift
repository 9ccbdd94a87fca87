// SPDX-License-Identifier: Apache-2.0
internal import Crypto

/// The name of bytes by what they are: an algorithm and its hash value.
///
/// The value lies inline in 65 bytes, so sets and rows of digests cost no heap. Digests sort as their text sorts.
/// Specified by image-spec, "Descriptors: Digests".
package struct Digest: Hashable, Sendable {
    /// The algorithms that image-spec registers and every client knows.
    package enum Algorithm: String, Sendable, CaseIterable {
        case sha256, sha512

        /// How many bytes a hash value has.
        package var byteCount: Int {
            switch self {
            case .sha256: 32
            case .sha512: 64
            }
        }
    }

    private let value: HashValue  // first, so that the algorithm lies in the byte after it
    package let algorithm: Algorithm

    /// Reads `sha256:<hex>` or `sha512:<hex>`: a known algorithm, the exact length, lower-case digits, nothing else.
    package init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let digest = text.withUTF8({ Digest(utf8: $0) }) else { return nil }
        self = digest
    }

    /// Takes a hash value computed elsewhere.
    ///
    /// - Precondition: `bytes` holds exactly ``Algorithm/byteCount`` bytes.
    package init(_ algorithm: Algorithm, bytes: some Sequence<UInt8>) {
        var value = HashValue()
        var count = 0
        for byte in bytes {
            precondition(count < algorithm.byteCount, "a \(algorithm.rawValue) value is too long")
            value.set(byte, at: count)
            count += 1
        }
        precondition(count == algorithm.byteCount, "a \(algorithm.rawValue) value is too short")
        self.algorithm = algorithm
        self.value = value
    }

    /// The digest of bytes in memory.
    package static func of(_ bytes: [UInt8], _ algorithm: Algorithm) -> Digest {
        var hasher = DigestHasher(algorithm)
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finish()
    }

    /// The SHA-256 digest of bytes in memory.
    package static func sha256(of bytes: [UInt8]) -> Digest { of(bytes, .sha256) }

    /// The hash value as lower-case hexadecimal digits.
    package var hex: String {
        String(unsafeUninitializedCapacity: 128) { writeHex(into: $0, from: 0) }
    }

    /// The hash value itself.
    package var bytes: [UInt8] { (0..<algorithm.byteCount).map { value[$0] } }
}

extension Digest: CustomStringConvertible {
    /// `sha256:<hex>`, as it stands in URLs, headers and manifests.
    package var description: String {
        String(unsafeUninitializedCapacity: 135) { buffer in
            var end = 0
            for byte in algorithm.rawValue.utf8 {
                buffer[end] = byte
                end += 1
            }
            buffer[end] = UInt8(ascii: ":")
            return writeHex(into: buffer, from: end + 1)
        }
    }
}

extension Digest: Comparable {
    package static func < (left: Digest, right: Digest) -> Bool {
        if left.algorithm != right.algorithm { return left.algorithm == .sha256 }
        return left.value < right.value
    }
}

extension Digest {
    /// Reads a digest from UTF-8 bytes; see ``init(_:)-(StringProtocol)``.
    init?(utf8 text: UnsafeBufferPointer<UInt8>) {
        guard text.count > 7, let algorithm = Algorithm(prefixOf: text), text.count == 7 + 2 * algorithm.byteCount
        else {
            return nil
        }
        var value = HashValue()
        for index in 0..<algorithm.byteCount {
            guard let high = Self.nibble(text[7 + 2 * index]), let low = Self.nibble(text[8 + 2 * index]) else {
                return nil
            }
            value.set(high << 4 | low, at: index)
        }
        self.algorithm = algorithm
        self.value = value
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private func writeHex(into buffer: UnsafeMutableBufferPointer<UInt8>, from start: Int) -> Int {
        var end = start
        for index in 0..<algorithm.byteCount {
            let byte = value[index]
            buffer[end] = ASCII.hexDigit(byte >> 4)
            buffer[end + 1] = ASCII.hexDigit(byte & 15)
            end += 2
        }
        return end
    }
}

extension Digest.Algorithm {
    fileprivate init?(prefixOf text: UnsafeBufferPointer<UInt8>) {
        for algorithm in Self.allCases where text.prefix(7).elementsEqual("\(algorithm.rawValue):".utf8) {
            self = algorithm
            return
        }
        return nil
    }
}

/// Up to 64 bytes as eight big-endian words: the words then sort as the bytes do. Bytes that are not used are zero.
private struct HashValue: Hashable, Comparable, Sendable {
    private var first: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var second: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    private func word(_ index: Int) -> UInt64 {
        switch index {
        case 0: first.0
        case 1: first.1
        case 2: first.2
        case 3: first.3
        case 4: second.0
        case 5: second.1
        case 6: second.2
        default: second.3
        }
    }

    subscript(index: Int) -> UInt8 { UInt8(truncatingIfNeeded: word(index >> 3) >> UInt64(56 - (index & 7) * 8)) }

    mutating func set(_ byte: UInt8, at index: Int) {
        let bits = UInt64(byte) << UInt64(56 - (index & 7) * 8)
        switch index >> 3 {
        case 0: first.0 |= bits
        case 1: first.1 |= bits
        case 2: first.2 |= bits
        case 3: first.3 |= bits
        case 4: second.0 |= bits
        case 5: second.1 |= bits
        case 6: second.2 |= bits
        default: second.3 |= bits
        }
    }

    static func == (left: HashValue, right: HashValue) -> Bool {
        left.first == right.first && left.second == right.second
    }

    static func < (left: HashValue, right: HashValue) -> Bool {
        left.first == right.first ? left.second < right.second : left.first < right.first
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(first.0)  // two words of a cryptographic hash spread as well as eight
        hasher.combine(first.1)
    }
}
