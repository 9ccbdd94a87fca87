// SPDX-License-Identifier: Apache-2.0
import Cache
import Crypto
import Metadata
import OCI

/// Reads tokens and believes those that one of our keys signed for this registry.
///
/// The header of a token may only name one of our keys and that key's own algorithm; whatever keys, certificates or
/// addresses it brings along (`jwk`, `x5c`, `jku`) are not looked at. What was checked is remembered by the token's hash.
///
/// Nodes also tell each other which tokens they checked, and when. That says only that the signature was right: what the
/// token grants and until when is read from the token that is presented, each time.
struct TokenVerifier: Sendable {
    private let keys: KeyRing
    private let service: String
    private let shared: SealedCache?
    private let clock: AccessClock
    private let verified: BoundedCache<SecretDigest, VerifiedToken>

    /// How long a check counts, on whichever node it was made: a key taken out of the database is out of use within a minute,
    /// the memory of connections included.
    private static let memorySeconds: Int64 = 50

    init(keys: KeyRing, service: String, shared: SealedCache?, clock: AccessClock) {
        self.keys = keys
        self.service = service
        self.shared = shared
        self.clock = clock
        verified = BoundedCache(capacity: 16_384, lifetime: .seconds(Self.memorySeconds), now: clock.instant)
    }

    /// The token as it was checked lately. It may have run out since: every use looks at that.
    func known(_ token: Substring) -> VerifiedToken? {
        guard token.utf8.count <= TokenRules.longestToken else { return nil }
        return verified.value(for: Self.digest(token))
    }

    /// Checks a token; a key that is not known is looked for in the database.
    func check(_ token: Substring) async throws(AccessError) -> Result<VerifiedToken, TokenFault> {
        guard token.utf8.count <= TokenRules.longestToken else { return .failure(.malformed) }
        let digest = Self.digest(token)
        if let sound = await vouched(token, digest) { return .success(sound) }
        var result = verify(token)
        if case .failure(.unknownKey(let id)) = result {
            try await keys.look(for: id)
            result = verify(token)
        }
        if case .success(let sound) = result {
            verified.insert(sound, for: digest)
            vouch(for: digest)
        }
        return result
    }

    private func verify(_ token: Substring) -> Result<VerifiedToken, TokenFault> {
        Result { () throws(TokenFault) in
            let bytes = Array(token.utf8)
            let parts = try Self.parts(of: bytes)
            let key = try key(for: parts[0])
            guard let signature = Base64URL.decode(parts[2]) else { throw .malformed }
            let signed = Array(bytes[..<parts[1].endIndex])
            guard key.isValid(signature, for: signed) else { throw .wrongSignature }
            // Only now is the rest worth reading: it is ours.
            return try readClaims(parts[1])
        }
    }

    private static func parts(of bytes: [UInt8]) throws(TokenFault) -> [ArraySlice<UInt8>] {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        return parts
    }

    private func key(for header: ArraySlice<UInt8>) throws(TokenFault) -> SigningKey {
        let fields = try Self.readObject(header, depth: 8)
        // RFC 7515, 4.1.11: who does not understand what `crit` names must refuse. We understand no extension.
        guard fields["crit"] == nil, let id = fields["kid"]?.string, let algorithm = fields["alg"]?.string else {
            throw .malformed
        }
        // Names of ours are short; nothing longer is looked for, or remembered as not found.
        guard id.utf8.count <= 64 else { throw .malformed }
        guard let key = keys.key(id) else { throw .unknownKey(id) }
        guard key.algorithm.rawValue == algorithm else { throw .wrongAlgorithm }
        return key
    }

    private func readClaims(_ payload: ArraySlice<UInt8>) throws(TokenFault) -> VerifiedToken {
        let claims = try Self.readObject(payload, depth: 8)
        guard claims["iss"]?.string == TokenRules.issuer else { throw .otherIssuer }
        guard claims["aud"]?.array == [.string(service)] else { throw .otherAudience }
        guard let expiry = claims["exp"]?.integer, let start = claims["nbf"]?.integer else { throw .malformed }
        let now = clock.seconds
        guard now <= expiry + TokenRules.leewaySeconds else { throw .expired }
        guard now >= start - TokenRules.leewaySeconds else { throw .notYetValid }
        let access = claims["access"]?.array ?? []
        return VerifiedToken(
            subject: try Self.readSubject(claims), expiry: expiry, grants: access.compactMap(Self.readGrant),
            grantsCatalog: access.contains(where: Self.isCatalogGrant))
    }

    private static func readSubject(_ claims: JSONValue) throws(TokenFault) -> KnownUser? {
        guard let name = claims["sub"]?.string else { throw .malformed }
        if name.isEmpty { return nil }
        guard let id = claims["haven_user"]?.string, let version = claims["haven_version"]?.integer else {
            throw .malformed
        }
        return KnownUser(id: UserID(rawValue: id), name: name, version: version)
    }

    private static func readGrant(_ entry: JSONValue) -> RepositoryGrant? {
        guard entry["type"]?.string == "repository", let project = entry["haven_project"]?.string,
            let name = entry["name"]?.string.flatMap({ RepositoryName($0) })
        else { return nil }
        let words = (entry["actions"]?.array ?? []).compactMap(\.string)
        let actions = Action.allCases.filter { words.contains($0.name) }
        return RepositoryGrant(
            name: name, project: ProjectID(rawValue: project),
            actions: actions.reduce(into: Actions()) { $0.insert(Actions($1)) })
    }

    private static func isCatalogGrant(_ entry: JSONValue) -> Bool {
        entry["type"]?.string == "registry" && entry["name"]?.string == "catalog"
            && entry["actions"]?.array == [.string("*")]
    }

    private static func readObject(_ encoded: ArraySlice<UInt8>, depth: Int) throws(TokenFault) -> JSONValue {
        guard let bytes = Base64URL.decode(encoded),
            let value = try? JSONValue(parsing: bytes, limits: JSONLimits(depth: depth, values: 4000)),
            value.object != nil
        else { throw .malformed }
        return value
    }

    private static func digest(_ token: Substring) -> SecretDigest {
        var hash = SHA256()
        var token = token
        token.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        return SecretDigest(hash.finalize())
    }
}

// MARK: - What other nodes checked

extension TokenVerifier {
    /// The token, when another node checked its signature within the last minute.
    private func vouched(_ token: Substring, _ digest: SecretDigest) async -> VerifiedToken? {
        guard let shared, let parts = try? Self.parts(of: Array(token.utf8)),
            let text = await shared.value(for: Self.name(digest)),
            let checkedAt = Int64(String(decoding: text, as: UTF8.self))
        else { return nil }
        // The time runs from the check, not from when another node hears of it.
        let age = clock.seconds - checkedAt
        guard (0..<Self.memorySeconds).contains(age), let sound = try? readClaims(parts[1]) else { return nil }
        verified.insert(sound, for: digest, life: .seconds(Self.memorySeconds - age))
        return sound
    }

    private func vouch(for digest: SecretDigest) {
        let life = Duration.seconds(Self.memorySeconds)
        shared?.offer([SharedEntry(Self.name(digest), Array("\(clock.seconds)".utf8), life: life)])
    }

    private static func name(_ digest: SecretDigest) -> String { "token \(digest.text)" }
}
