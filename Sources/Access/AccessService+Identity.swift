// SPDX-License-Identifier: Apache-2.0
import Metadata
package import OCI
import SQLStorage

// MARK: - Who is calling

extension AccessService {
    /// Finds out who sent a request.
    ///
    /// - Parameters:
    ///   - authorization: The header of that name, Basic or Bearer; nil when there was none.
    ///   - address: The client's address as text, to slow down those who guess.
    /// - Throws: ``AccessError/unauthenticated(_:)`` for a token that does not do, ``AccessError/badCredentials``,
    ///   ``AccessError/passwordMustChange(_:)``, ``AccessError/throttled(retryAfter:)``,
    ///   ``AccessError/busy(retryAfter:)``, ``AccessError/metadata(_:)``.
    package func identify(authorization: String?, address: String) async throws(AccessError) -> Caller {
        guard let authorization, !authorization.isEmpty else { return .anonymous }
        switch Credentials(authorization) {
        case nil: throw .unauthenticated(Challenge())
        case .bearer(let token): return .token(try await verify(token))
        case .basic(let payload): return .user(try await logIn(payload, address: address))
        }
    }

    /// The same without waiting: nil when something must be checked first.
    ///
    /// A caller known by password may have been changed since; ``authorizeIfKnown(_:on:as:)`` sees that.
    package func identifyIfKnown(authorization: String?) -> Caller? {
        guard let authorization, !authorization.isEmpty else { return .anonymous }
        return switch Credentials(authorization) {
        case nil: nil
        case .bearer(let token): tokens.known(token).map(Caller.token)
        case .basic(let payload): logins.known(payload).map(Caller.user)
        }
    }

    private func verify(_ token: Substring) async throws(AccessError) -> VerifiedToken {
        if let known = tokens.known(token) { return known }
        switch try await tokens.check(token) {
        case .success(let sound): return sound
        case .failure: throw .unauthenticated(Challenge(fault: .invalidToken))
        }
    }

    private func logIn(_ payload: Substring, address: String) async throws(AccessError) -> KnownUser {
        if let known = logins.known(payload) {
            if try await isStill(known) { return known }
            logins.forget(payload)
        }
        return try await logins.check(payload, address: address)
    }

    /// Whether an account is as it was at the check that is remembered. While the database is out of reach the check itself,
    /// which is a minute old at most, says so.
    private func isStill(_ user: KnownUser) async throws(AccessError) -> Bool {
        do throws(AccessError) {
            return try await standing(of: user.id, in: nil).confirms(user)
        } catch .metadata(let cause as SQLError) where cause.isOutage && settings.staleRights > .zero {
            return true
        }
    }
}

// MARK: - Who is calling, and may they

extension AccessService {
    /// Identifies and authorizes in one step; every refusal names the scope to ask a token for.
    package func permit<P: Permission>(
        _ permission: P.Type, on name: RepositoryName, authorization: String?, address: String
    ) async throws(AccessError) -> Permit<P> {
        if let known = try permitIfKnown(P.self, on: name, authorization: authorization) { return known }
        return try await patiently { () async throws(AccessError) in
            try await permitNow(P.self, on: name, authorization, address)
        }
    }

    private func permitNow<P: Permission>(
        _ permission: P.Type, on name: RepositoryName, _ authorization: String?, _ address: String
    ) async throws(AccessError) -> Permit<P> {
        let caller: Caller
        do throws(AccessError) {
            caller = try await identify(authorization: authorization, address: address)
        } catch .unauthenticated(let challenge) {
            throw .unauthenticated(Challenge(scope: Challenge.scope(P.self, on: name), fault: challenge.fault))
        }
        return try await authorize(P.self, on: name, as: caller)
    }

    /// The same without waiting, in about a microsecond: nil when the database or a signature must be asked.
    package func permitIfKnown<P: Permission>(
        _ permission: P.Type, on name: RepositoryName, authorization: String?
    ) throws(AccessError) -> Permit<P>? {
        guard let caller = identifyIfKnown(authorization: authorization) else { return nil }
        return try authorizeIfKnown(P.self, on: name, as: caller)
    }
}
