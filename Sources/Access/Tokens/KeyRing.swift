// SPDX-License-Identifier: Apache-2.0
import Cache
import Metadata
import Synchronization

import enum SQLStorage.SQLLane

/// The keys that tokens are signed with and checked by, as the database has them.
///
/// A new key is shown for a while before it signs, so that every node knows it by then; the key before it is believed until
/// the last token it signed has run out. A change of keys interrupts nobody. Nodes read the keys once a minute while they
/// sign, at once when they meet a token whose key they do not know, and at their next token when they are woken.
final class KeyRing: Sendable {
    private let metadata: MetadataStore
    private let secret: SecretKey
    private let algorithm: TokenAlgorithm
    private let wakeups: any Wakeups
    private let clock: AccessClock
    /// How long a key that stopped signing is still believed, in microseconds.
    private let retirement: Int64
    /// How long a key is shown before it signs, in microseconds.
    private let introduction: Int64
    private let state: Mutex<State>
    /// Names that were looked for and are no keys.
    private let strangers: BoundedCache<String, Bool>

    private struct State: Sendable {
        var keys: [String: SigningKey] = [:]
        var signer: SigningKey?
        var readAt: ContinuousClock.Instant
        var lookUps = 0
        var lookUpsSince: ContinuousClock.Instant
        /// How often others said that the keys changed, and which of these calls were followed.
        var calls = 0
        var callsFollowed = 0

        /// Messages may come from nobody, or without end: they cause one read a second at most.
        func isFresh(for age: Duration, at now: ContinuousClock.Instant) -> Bool {
            readAt.duration(to: now) < (calls == callsFollowed ? age : min(age, .seconds(1)))
        }
    }

    /// How many unknown names may cause a reading within a second, whoever sends them.
    private static let lookUpsPerSecond = 10

    init(
        metadata: MetadataStore, secret: SecretKey, settings: AccessSettings, wakeups: any Wakeups, clock: AccessClock
    ) {
        self.metadata = metadata
        self.secret = secret
        algorithm = settings.algorithm
        self.wakeups = wakeups
        self.clock = clock
        retirement = (settings.tokenLifetime.components.seconds + 2 * TokenRules.leewaySeconds) * 1_000_000
        introduction = settings.keyIntroduction.components.seconds * 1_000_000
        state = Mutex(State(readAt: clock.instant(), lookUpsSince: clock.instant()))
        strangers = BoundedCache(capacity: 1_024, lifetime: .seconds(5), now: clock.instant)
        wakeups.listen(for: .signingKeys) { [weak self] in self?.state.withLock { $0.calls += 1 } }
    }

    /// The key of this name, if it is known without asking.
    func key(_ id: String) -> SigningKey? {
        state.withLock { $0.keys[id] }
    }

    /// The key that signs now. Made, once for all nodes, when there is none. While the database is out of reach, the one
    /// that signed last.
    func signer() async throws(AccessError) -> SigningKey {
        let now = clock.instant()
        let (signer, isFresh) = state.withLock { ($0.signer, $0.isFresh(for: .seconds(60), at: now)) }
        if let signer, isFresh { return signer }
        do {
            try await refresh()
        } catch {
            if let signer, case .metadata = error { return signer }
            throw error
        }
        if let signer = state.withLock({ $0.signer }) { return signer }
        return try await add(replacing: false)
    }

    /// Reads the keys again to find one that is not known, unless it was looked for just now or too many are.
    func look(for id: String) async throws(AccessError) {
        guard strangers.value(for: id) == nil, mayLook() else { return }
        try await refresh()
        if key(id) == nil { strangers.insert(true, for: id) }
    }

    /// Makes a new key, which signs when every node has had the time to read it; the one before it signs until then, and is
    /// believed until its tokens have run out.
    func rotate() async throws(AccessError) {
        _ = try await add(replacing: true)
    }

    /// All keys with what they are for now, the newest first.
    func list() async throws(AccessError) -> [KeyStatus] {
        let rows = try await read()
        let signerID = signing(rows)?.id
        return rows.map { row in
            let use: KeyStatus.Use =
                if row.id == signerID {
                    .signs
                } else if let retiredAt = row.retiredAt, retiredAt <= row.readAt {
                    .verifies(until: retiredAt + retirement)
                } else if row.createdAt + introduction > row.readAt {
                    .introduced(signsFrom: row.createdAt + introduction)
                } else {
                    .verifies(until: row.retiredAt.map { $0 + retirement })
                }
            return KeyStatus(id: row.id, algorithm: row.algorithm, createdAt: row.createdAt, use: use)
        }
    }

    private func mayLook() -> Bool {
        let now = clock.instant()
        return state.withLock { state in
            if state.lookUpsSince.duration(to: now) >= .seconds(1) {
                state.lookUps = 0
                state.lookUpsSince = now
            }
            state.lookUps += 1
            return state.lookUps <= Self.lookUpsPerSecond
        }
    }

    private func refresh() async throws(AccessError) {
        let calls = state.withLock { $0.calls }
        try keep(try await read(), following: calls)
    }

    private func read() async throws(AccessError) -> [SigningKeyRow] {
        do {
            return try await metadata.read { [retirement] in try $0.signingKeys(retiredWithin: retirement) }
        } catch {
            throw .metadata(error)
        }
    }

    private func add(replacing: Bool) async throws(AccessError) -> SigningKey {
        let calls = state.withLock { $0.calls }
        do {
            let made = try await make()
            let sealed = try secret.seal(made.privateBytes, label: Self.label(made.id, made.algorithm.rawValue))
            let rows = try await metadata.write(.administration) {
                [retirement, introduction, algorithm] transaction in
                try transaction.holdSecret(SharedSecrets.checkName)
                // Looked at again inside: of several nodes that start together one adds a key.
                let present = try transaction.signingKeys(retiredWithin: retirement)
                guard replacing || !present.contains(where: { $0.signs(algorithm) }) else { return present }
                try transaction.addSigningKey(made.id, algorithm: algorithm.rawValue, sealedKey: sealed)
                // Nodes with another algorithm keep their key, unless somebody asked for new ones.
                if replacing { try transaction.retireSigningKeys(except: made.id, after: introduction) }
                try transaction.forgetSigningKeys(retiredBefore: retirement)
                return try transaction.signingKeys(retiredWithin: retirement)
            }
            try keep(rows, following: calls)
            wakeups.announce(.signingKeys)
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

    /// - Parameter calls: Those that had come before the rows were read.
    private func keep(_ rows: [SigningKeyRow], following calls: Int) throws(AccessError) {
        var keys: [String: SigningKey] = [:]
        for row in rows {
            guard let algorithm = TokenAlgorithm(rawValue: row.algorithm) else { continue }
            keys[row.id] = try open(row, algorithm)
        }
        let (now, signer) = (clock.instant(), signing(rows).flatMap { keys[$0.id] })
        state.withLock { state in
            (state.keys, state.signer, state.readAt, state.callsFollowed) = (keys, signer, now, calls)
        }
    }

    /// The newest key that was shown for long enough; the oldest when none was, for then there was none before it.
    private func signing(_ rows: [SigningKeyRow]) -> SigningKeyRow? {
        let able = rows.filter { $0.signs(algorithm) }
        return able.first { $0.createdAt + introduction <= $0.readAt } ?? able.last
    }

    private func open(_ row: SigningKeyRow, _ algorithm: TokenAlgorithm) throws(AccessError) -> SigningKey {
        if let known = key(row.id) { return known }
        guard let key = SigningKey(row, algorithm, secret) else {
            throw .secretKey("the signing key \(row.id) in the database \(SharedSecrets.otherKey)")
        }
        return key
    }

    static func label(_ id: String, _ algorithm: String) -> String { "signing key \(algorithm) \(id)" }
}

extension SigningKey {
    /// The key of a row; nil when it was encrypted with another secret.
    init?(_ row: SigningKeyRow, _ algorithm: TokenAlgorithm, _ secret: SecretKey) {
        guard let opened = try? secret.open(row.sealedKey, label: KeyRing.label(row.id, row.algorithm)),
            let key = try? SigningKey(algorithm, privateBytes: opened), key.id == row.id
        else { return nil }
        self = key
    }
}

extension SigningKeyRow {
    fileprivate func signs(_ algorithm: TokenAlgorithm) -> Bool {
        self.algorithm == algorithm.rawValue && (retiredAt.map { $0 > readAt } ?? true)
    }
}
