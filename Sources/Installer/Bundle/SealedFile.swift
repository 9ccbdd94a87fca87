// SPDX-License-Identifier: Apache-2.0

import Crypto
import CryptoExtras
package import FoundationEssentials

/// A file encrypted with a passphrase: AES-256-GCM under a key of PBKDF2-SHA256.
///
/// The head names the form and the rounds, and is authenticated with the content: nobody can lower the rounds unseen.
package enum SealedFile {
    /// Why a sealed file does not open, or cannot be made.
    package enum Fault: Error, CustomStringConvertible {
        case notSealed
        case wrong
        case passphraseTooShort

        package var description: String {
            switch self {
            case .notSealed: "this is no file that haven cluster bundle encrypted"
            case .wrong: "the passphrase is wrong, or the file was changed on its way"
            case .passphraseTooShort:
                "give a passphrase of at least 12 characters: the file holds all secrets of the cluster"
            }
        }
    }

    private static let mark = Array("haven-sealed-1\n".utf8)
    private static let rounds = 600_000
    private static let saltBytes = 16

    /// - Throws: ``Fault/passphraseTooShort``.
    package static func seal(_ content: Data, passphrase: String) throws -> Data {
        guard passphrase.count >= 12 else { throw Fault.passphraseTooShort }
        var random = SystemRandomNumberGenerator()
        let salt = (0..<saltBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let head = mark + salt
        let box = try AES.GCM.seal(content, using: try key(passphrase, salt), authenticating: head)
        guard let combined = box.combined else { throw Fault.notSealed }
        return Data(head) + combined
    }

    /// - Throws: ``Fault/notSealed`` and ``Fault/wrong``.
    package static func open(_ sealed: Data, passphrase: String) throws -> Data {
        guard sealed.starts(with: mark), sealed.count > mark.count + saltBytes else { throw Fault.notSealed }
        let head = Array(sealed.prefix(mark.count + saltBytes))
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst(head.count))
            return try AES.GCM.open(box, using: key(passphrase, Array(head.suffix(saltBytes))), authenticating: head)
        } catch {
            throw Fault.wrong
        }
    }

    private static func key(_ passphrase: String, _ salt: [UInt8]) throws -> SymmetricKey {
        try KDF.Insecure.PBKDF2.deriveKey(
            from: Array(passphrase.utf8), salt: salt, using: .sha256, outputByteCount: 32, rounds: rounds)
    }
}
