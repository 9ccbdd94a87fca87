// SPDX-License-Identifier: Apache-2.0
import Cache
import Crypto
import Metadata
import Synchronization

/// Finds out whether a name and a password belong together.
///
/// A right answer is remembered for a minute under a keyed hash of what was sent, together with the account's version, so
/// that a storm of pulls with Basic derives the key once. Equal credentials that arrive while they are checked wait for
/// that one check. A name that does not exist costs the same as a wrong password.
final class PasswordLogin: Sendable {
    private let metadata: MetadataStore
    private let rounds: Int
    private let unmatchable: PasswordHash
    /// Random for each process: what is remembered cannot be tried out of a memory image without it.
    private let memoryKey = SymmetricKey(size: .bits256)
    private let remembered: BoundedCache<SecretDigest, KnownUser>
    private let flights = Mutex<[SecretDigest: [Waiting]]>([:])
    let throttle: LoginThrottle
    let workers: PasswordWorkers

    private typealias Waiting = CheckedContinuation<Result<KnownUser, AccessError>?, Never>

    /// How many may wait for the outcome of one check.
    private static let longestFlight = 4096

    init(metadata: MetadataStore, settings: AccessSettings, clock: AccessClock) {
        self.metadata = metadata
        rounds = settings.passwordRounds
        unmatchable = .unmatchable(rounds: settings.passwordRounds)
        remembered = BoundedCache(capacity: 16_384, lifetime: settings.passwordMemory, now: clock.instant)
        throttle = LoginThrottle(clock: clock)
        workers = PasswordWorkers(threads: settings.passwordThreads, queue: settings.passwordQueue)
    }

    /// The account that this payload of a Basic header proved lately. Whether it is still the same is seen by its version.
    func known(_ payload: Substring) -> KnownUser? {
        remembered.value(for: digest(payload))
    }

    /// Forgets a proof that turned out to be void.
    func forget(_ payload: Substring) {
        remembered.remove(digest(payload))
    }

    /// Checks a payload of a Basic header.
    func check(_ payload: Substring, address: String) async throws(AccessError) -> KnownUser {
        let key = digest(payload)
        if let outcome = await joinFlight(key) { return try outcome.get() }
        let result = await outcome(payload, address: addressKey(address))
        if case .success(let user) = result { remembered.insert(user, for: key) }
        land(key, result)
        return try result.get()
    }

    private func outcome(_ payload: Substring, address: String) async -> Result<KnownUser, AccessError> {
        guard let credentials = NameAndPassword(payload: payload) else { return .failure(.badCredentials) }
        let account = credentials.name.lowercased()
        do throws(AccessError) {
            try throttle.begin(account: account, address: address)
        } catch {
            return .failure(error)
        }
        do throws(AccessError) {
            let user = try await verify(credentials)
            throttle.end(.succeeded, account: account, address: address)
            return .success(user)
        } catch {
            throttle.end(error.isWrongPassword ? .failed : .unknown, account: account, address: address)
            return .failure(error)
        }
    }

    private func verify(_ credentials: NameAndPassword) async throws(AccessError) -> KnownUser {
        let row: UserRow?
        do {
            row = try await metadata.read { try $0.user(named: credentials.name) }
        } catch {
            throw .metadata(error)
        }
        let hash = row?.password.flatMap(PasswordHash.init) ?? unmatchable
        let isRight = try await workers.run { hash.matches(credentials.password) }
        guard isRight, let row else { throw .badCredentials }
        guard !row.mustChange else { throw .passwordMustChange(row.name) }
        return KnownUser(id: row.id, name: row.name, version: row.version)
    }

    /// The stored form of a new password.
    func hash(_ password: String) async throws(AccessError) -> String {
        let rounds = rounds
        let text = try await workers.run { try? PasswordHash(of: password, rounds: rounds).text }
        guard let text else { throw .passwordRefused(.weak) }
        return text
    }

    /// Whether a stored hash is that of `password`.
    func matches(_ stored: String, _ password: String) async throws(AccessError) -> Bool {
        guard let hash = PasswordHash(stored) else { return false }
        return try await workers.run { hash.matches(password) }
    }

    private func digest(_ payload: Substring) -> SecretDigest {
        var code = HMAC<SHA256>(key: memoryKey)
        var payload = payload
        payload.withUTF8 { code.update(data: UnsafeRawBufferPointer($0)) }
        return SecretDigest(code.finalize())
    }
}

// MARK: - One check for equal credentials

extension PasswordLogin {
    /// The outcome of the check of these credentials that is under way; nil when there is none: then the caller makes it
    /// and must ``land(_:_:)`` it.
    private func joinFlight(_ key: SecretDigest) async -> Result<KnownUser, AccessError>? {
        await withCheckedContinuation { continuation in
            let answer = flights.withLock { flights -> Result<KnownUser, AccessError>?? in
                guard let waiting = flights[key] else {
                    flights[key] = []
                    return .some(nil)
                }
                guard waiting.count < Self.longestFlight else { return .failure(.busy(retryAfter: .seconds(1))) }
                flights[key]?.append(continuation)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func land(_ key: SecretDigest, _ result: Result<KnownUser, AccessError>) {
        let followers = flights.withLock { $0.removeValue(forKey: key) } ?? []
        for follower in followers { follower.resume(returning: result) }
    }
}

extension AccessError {
    fileprivate var isWrongPassword: Bool {
        if case .badCredentials = self { true } else { false }
    }
}

/// 32 bytes that stand for a secret: a key of caches without the secret itself.
struct SecretDigest: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init(_ bytes: some ContiguousDigest) {
        words = bytes.withUnsafeBytes { raw in
            (
                raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                raw.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
    }

    static func == (left: SecretDigest, right: SecretDigest) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

    /// The words in hexadecimal digits.
    var text: String {
        [words.0, words.1, words.2, words.3].map { String($0, radix: 16) }.joined(separator: "-")
    }
}

/// What the hash functions in use give: 32 bytes in one piece.
protocol ContiguousDigest {
    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
}

extension SHA256Digest: ContiguousDigest {}
extension HashedAuthenticationCode: ContiguousDigest where H == SHA256 {}
