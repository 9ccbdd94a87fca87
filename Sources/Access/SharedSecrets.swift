// SPDX-License-Identifier: Apache-2.0
package import Metadata

import enum SQLStorage.SQLLane

/// Random secrets that all nodes share through the database, encrypted there with the ``SecretKey``.
///
/// The first of them checks the others: a node whose file `secretkey` is another than the one used before cannot open it.
struct SharedSecrets: Sendable {
    let metadata: MetadataStore
    let key: SecretKey

    /// The secret that every node opens at its start.
    static let checkName = "check"

    /// How a message ends that began with what cannot be opened.
    static let otherKey =
        "was encrypted with another secretkey than this node has: put the file secretkey that the other nodes (or the "
        + "last start) used into secretkey_path"

    /// Refuses a node whose secret key is another than that of the nodes before it. The first node of all decides.
    ///
    /// - Throws: ``AccessError/secretKey(_:)``, ``AccessError/metadata(_:)``.
    func check() async throws(AccessError) {
        _ = try await secret(Self.checkName)
    }

    /// The 32 random bytes of a name, made by whichever node asks first.
    func secret(_ name: String) async throws(AccessError) -> [UInt8] {
        do {
            let known = try await metadata.read(.administration) { try $0.secret(named: name) }
            if let known { return try open(known, name) }
            return try await make(name)
        } catch let error as AccessError {
            throw error
        } catch {
            throw .metadata(error)
        }
    }

    private func make(_ name: String) async throws -> [UInt8] {
        let sealed = try key.seal(randomBytes(32), label: Self.label(name))
        let stored = try await metadata.write(.administration) { [key] transaction -> [UInt8]? in
            if let known = try transaction.secret(named: name) { return known }
            // A database of an older release has keys and no check: only who can open them may add it.
            for row in try transaction.signingKeys(retiredWithin: .max / 2) {
                guard let algorithm = TokenAlgorithm(rawValue: row.algorithm) else { continue }
                guard SigningKey(row, algorithm, key) != nil else {
                    throw AccessError.secretKey("the signing key \(row.id) in the database \(Self.otherKey)")
                }
            }
            return try transaction.addSecret(name, sealed: sealed) ? sealed : try transaction.secret(named: name)
        }
        guard let stored else { throw MetadataError.raced("secret \(name)") }
        return try open(stored, name)
    }

    private func open(_ sealed: [UInt8], _ name: String) throws(AccessError) -> [UInt8] {
        do {
            return try key.open(sealed, label: Self.label(name))
        } catch {
            throw .secretKey("what this database keeps secret \(Self.otherKey)")
        }
    }

    fileprivate static func label(_ name: String) -> String { "shared secret \(name)" }
}

extension SecretKey {
    /// Whether what a database keeps secret was encrypted with this key; nil when it keeps nothing yet. Changes nothing.
    ///
    /// - Parameter metadata: A store over a database with the schema of this version.
    package func opens(_ metadata: MetadataStore) async throws -> Bool? {
        let sealed = try await metadata.read(.administration) { try $0.secret(named: SharedSecrets.checkName) }
        return sealed.map { (try? open($0, label: SharedSecrets.label(SharedSecrets.checkName))) != nil }
    }

    /// Whether a database keeps anything secret already. Changes nothing.
    package static func isAwaited(by metadata: MetadataStore) async throws -> Bool {
        try await metadata.read(.administration) { try $0.secret(named: SharedSecrets.checkName) } != nil
    }
}
