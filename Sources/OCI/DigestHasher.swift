// SPDX-License-Identifier: Apache-2.0
internal import Crypto

/// A running digest over bytes that arrive piece by piece.
///
/// It is a value: a copy goes on by itself, and ``finish()`` leaves the running digest usable.
package struct DigestHasher: Sendable {
    package let algorithm: Digest.Algorithm
    // One of the two: an optional is updated in place, while the payload of an enum would be copied out first.
    private var sha256: SHA256?
    private var sha512: SHA512?

    package init(_ algorithm: Digest.Algorithm) {
        self.algorithm = algorithm
        switch algorithm {
        case .sha256: sha256 = SHA256()
        case .sha512: sha512 = SHA512()
        }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch algorithm {
        case .sha256: sha256?.update(bufferPointer: bytes)
        case .sha512: sha512?.update(bufferPointer: bytes)
        }
    }

    /// The digest of everything given so far.
    package func finish() -> Digest {
        switch algorithm {
        case .sha256: Digest(.sha256, bytes: (sha256 ?? SHA256()).finalize())
        case .sha512: Digest(.sha512, bytes: (sha512 ?? SHA512()).finalize())
        }
    }
}
