// SPDX-License-Identifier: Apache-2.0
import Metadata
import Synchronization

import enum SQLStorage.SQLLane

/// The keys that tokens are signed with and checked by, as the database has them.
///
/// The newest key of the configured algorithm signs. A key that stopped signing is kept until the last token it signed
/// has run out, so a change of keys interrupts nobody. Other nodes notice within a minute, and at once when they meet a
/// token whose key they do not know.
final class KeyRing: Sendable {
    private let metadata: MetadataStore
    private let secret: SecretKey
    private let algorithm: TokenAlgorithm
    private let clock: AccessClock
    /// How long a key that stopped signing is still believed, in microseconds.
    private let retirement: Int64
    private let state: Mutex<State>

    private struct State: Sendable {
        var keys: [String: SigningKey] = [:]
        var signer: SigningKey?
        var readAt: ContinuousClock.Instant
    }

    init(metadata: MetadataStore, secret: SecretKey, settings: AccessSettings, clock: AccessClock) {
        self.metadata = metadata
        self.secret = secret
        algorithm = settings.algorithm
        self.clock = clock
        retirement = (settings.tokenLifetime.components.seconds + 2 * TokenRules.leewaySeconds) * 1_000_000
        state = Mutex(State(readAt: clock.instant()))
    }

    /// The key of this name, if it is known without asking.
    func key(_ id: String) -> SigningKey? {
        state.withLock { $0.keys[id] }
    }

    /// The key that signs now. Made, once for all nodes, when there is none.
    func signer() async throws(AccessError) -> SigningKey {
        let (signer, age) = state.withLock { ($0.signer, $0.readAt.duration(to: clock.instant())) }
        if let signer, age < .seconds(60) { return signer }
        try await refresh()
        if let signer = state.withLock({ $0.signer }) { return signer }
        return try await add(replacing: false)
    }

    /// Reads the keys again, unless that was done in the last five seconds: foreign tokens must not cause reads at will.
    func refreshIfStale() async throws(AccessError) {
        let (isEmpty, age) = state.withLock { ($0.keys.isEmpty, $0.readAt.duration(to: clock.instant())) }
        if isEmpty || age >= .seconds(5) { try await refresh() }
    }

    /// Makes a new key that signs from now on; the one before it is believed until its tokens have run out.
    func rotate() async throws(AccessError) {
        _ = try await add(replacing: true)
    }

    private func refresh() async throws(AccessError) {
        let rows: [SigningKeyRow]
        do {
            rows = try await metadata.read { [retirement] in try $0.signingKeys(retiredWithin: retirement) }
        } catch {
            throw .metadata(error)
        }
        try keep(rows)
    }

    private func add(replacing: Bool) async throws(AccessError) -> SigningKey {
        do {
            let made = try await make()
            let sealed = try secret.seal(made.privateBytes, label: Self.label(made.id, made.algorithm.rawValue))
            let rows = try await metadata.write(.administration) { [retirement, algorithm] transaction in
                // Of several nodes that start together one adds a key: the others wait here for it, and look again.
                try transaction.advanceEpoch("keys")
                let present = try transaction.signingKeys(retiredWithin: retirement)
                guard replacing || !present.contains(where: { $0.signs(algorithm) }) else { return present }
                try transaction.addSigningKey(made.id, algorithm: algorithm.rawValue, sealedKey: sealed)
                try transaction.retireSigningKeys(except: made.id)
                try transaction.forgetSigningKeys(retiredBefore: retirement)
                return try transaction.signingKeys(retiredWithin: retirement)
            }
            try keep(rows)
        } catch let error as AccessError {
            throw error
        } catch {
            throw .metadata(error)
        }
        guard let signer = state.withLock({ $0.signer }) else {
            throw .secretKey("there is no key to sign tokens with")
        }
        return signer
    }

    /// RSA keys take up to a second: one thread of its own makes them.
    private func make() async throws -> SigningKey {
        let algorithm = algorithm
        return try await PasswordWorkers(threads: 1, queue: 1).run { Result { try SigningKey.make(algorithm) } }.get()
    }

    private func keep(_ rows: [SigningKeyRow]) throws(AccessError) {
        var keys: [String: SigningKey] = [:]
        for row in rows {
            guard let algorithm = TokenAlgorithm(rawValue: row.algorithm) else { continue }
            keys[row.id] = try open(row, algorithm)
        }
        let signing = rows.first { $0.signs(algorithm) }
        let (now, signer) = (clock.instant(), signing.flatMap { keys[$0.id] })
        state.withLock { $0 = State(keys: keys, signer: signer, readAt: now) }
    }

    private func open(_ row: SigningKeyRow, _ algorithm: TokenAlgorithm) throws(AccessError) -> SigningKey {
        if let known = key(row.id) { return known }
        let opened = try? secret.open(row.sealedKey, label: Self.label(row.id, row.algorithm))
        guard let opened, let key = try? SigningKey(algorithm, privateBytes: opened), key.id == row.id else {
            throw .secretKey(
                "the signing key \(row.id) in the database was encrypted with another secretkey than this node has: "
                    + "put the file secretkey that the other nodes (or the last start) used into secretkey_path")
        }
        return key
    }

    private static func label(_ id: String, _ algorithm: String) -> String { "signing key \(algorithm) \(id)" }
}

extension SigningKeyRow {
    fileprivate func signs(_ algorithm: TokenAlgorithm) -> Bool {
        retiredAt == nil && self.algorithm == algorithm.rawValue
    }
}
