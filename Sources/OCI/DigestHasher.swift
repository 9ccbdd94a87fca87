// SPDX-License-Identifier: Apache-2.0
internal import Crypto

/// A running digest over bytes that arrive piece by piece.
///
/// It is a value: a copy goes on by itself, and ``finish()`` leaves the running digest usable.
package struct DigestHasher: Sendable {
    private enum State: Sendable {
        case sha256(SHA256)
        case sha512(SHA512)
    }

    private var state: State

    package init(_ algorithm: Digest.Algorithm) {
        switch algorithm {
        case .sha256: state = .sha256(SHA256())
        case .sha512: state = .sha512(SHA512())
        }
    }

    package var algorithm: Digest.Algorithm {
        switch state {
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .sha256(var hash):
            state = .sha256(SHA256())  // lets go of the stored copy, so that the update happens in place
            hash.update(bufferPointer: bytes)
            state = .sha256(hash)
        case .sha512(var hash):
            state = .sha512(SHA512())
            hash.update(bufferPointer: bytes)
            state = .sha512(hash)
        }
    }

    /// The digest of everything given so far.
    package func finish() -> Digest {
        switch state {
        case .sha256(let hash): Digest(.sha256, bytes: hash.finalize())
        case .sha512(let hash): Digest(.sha512, bytes: hash.finalize())
        }
    }
}
