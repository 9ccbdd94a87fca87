// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials

/// The key that what is secret in the database is encrypted with. The same on all nodes; never in the database itself.
///
/// It is derived from the file `secretkey`, which is made once. Harbor's file of that name serves as well.
package struct SecretKey: Sendable {
    private let key: SymmetricKey
    /// Whether others than the owner may read the file; worth a warning.
    package let isOpenToOthers: Bool

    private init(content: [UInt8], isOpenToOthers: Bool) {
        // The file may hold text of few characters (Harbor's holds 16): HKDF spreads what is in it over 32 bytes.
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: content), info: Array("haven secrets v1".utf8), outputByteCount: 32)
        self.isOpenToOthers = isOpenToOthers
    }

    /// A key for this process only, for tests and for commands that open nothing.
    package static func ephemeral() -> SecretKey {
        SecretKey(content: randomBytes(32), isOpenToOthers: false)
    }

    /// Reads the file `secretkey` in a folder, and makes it (and the folder) first when there is none.
    ///
    /// The file appears complete and once: of several processes that start together one makes it and all read it.
    /// Touches the disk; call it at start.
    ///
    /// - Throws: ``AccessError/secretKey(_:)`` when it cannot be read or made, or holds less than 16 bytes.
    package static func load(folder: String) throws(AccessError) -> SecretKey {
        let path = folder.hasSuffix("/") ? "\(folder)secretkey" : "\(folder)/secretkey"
        do {
            if let found = try SecretFile.read(path) { return try make(of: found, path) }
            try SecretFile.create(path, folder: folder, content: Base64URL.encode(randomBytes(32)))
            if let made = try SecretFile.read(path) { return try make(of: made, path) }
        } catch let error as AccessError {
            throw error
        } catch {
            throw .secretKey("the file \(path) cannot be used: \(error)")
        }
        throw .secretKey("the file \(path) vanished while it was read")
    }

    /// What a new file `secretkey` holds.
    package static func newContent() -> [UInt8] {
        Array(Base64URL.encode(randomBytes(32)).utf8)
    }

    private static func make(of file: SecretFile.Found, _ path: String) throws(AccessError) -> SecretKey {
        var content = file.content
        while let last = content.last, last == 10 || last == 13 { content.removeLast() }
        guard content.count >= 16 else {
            throw .secretKey("the file \(path) holds less than 16 bytes: that is no secret")
        }
        return SecretKey(content: content, isOpenToOthers: file.mode & 0o077 != 0)
    }

    /// 32 bytes for another purpose, from which neither this key nor those of other purposes can be found.
    package func derived(for purpose: String) -> [UInt8] {
        let info = Array("haven \(purpose)".utf8)
        return HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: info, outputByteCount: 32)
            .withUnsafeBytes { Array($0) }
    }

    /// Encrypts (AES-GCM, random nonce). It opens only under the same `label`, so one secret cannot stand in for another.
    func seal(_ secret: [UInt8], label: String) throws -> [UInt8] {
        let box = try AES.GCM.seal(secret, using: key, authenticating: Array(label.utf8))
        guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
        return Array(combined)
    }

    /// Decrypts what ``seal(_:label:)`` made; throws when the key or the label is another, or a bit was changed.
    func open(_ sealed: [UInt8], label: String) throws -> [UInt8] {
        Array(try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key, authenticating: Array(label.utf8)))
    }
}
