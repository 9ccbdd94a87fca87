// SPDX-License-Identifier: Apache-2.0

import Cache
import Crypto
import Metadata
import OCI

/// What makes two orders of a token the same.
struct IssuedTokenKey: Hashable, Sendable {
    let user: UserID?
    let version: Int64
    let scopes: [TokenScope]
}

extension AccessService {
    /// Answers a request for a token: `GET /service/token` without HTTP.
    ///
    /// Specified by the distribution project's "Token authentication"; `account`, `client_id` and `offline_token` change
    /// nothing, as in Harbor.
    ///
    /// - Parameters:
    ///   - services: The values of the parameter `service`: there must be one, naming this registry.
    ///   - scopes: The values of the parameter `scope`.
    /// - Returns: The JSON to answer with.
    /// - Throws: ``AccessError/serviceUnknown(expected:)``, ``AccessError/scopeInvalid(_:)``, and what ``identify`` throws;
    ///   ``AccessError/unauthenticated(_:)`` when there are neither credentials nor a scope.
    package func answerTokenRequest(
        services: [String], scopes: [String], authorization: String?, address: String
    ) async throws(AccessError) -> [UInt8] {
        guard services == [settings.service] else { throw .serviceUnknown(expected: settings.service) }
        // Scopes are read before the password is looked at: nonsense costs nothing.
        let scopes = try TokenScope.parse(scopes)
        return try await patiently { () async throws(AccessError) in try await answer(scopes, authorization, address) }
    }

    private func answer(
        _ scopes: [TokenScope], _ authorization: String?, _ address: String
    ) async throws(AccessError) -> [UInt8] {
        let caller = try await identify(authorization: authorization, address: address)
        return try await issue(scopes, to: caller).json(now: clock.seconds)
    }

    /// A token for `caller` that grants what was asked as far as it is allowed now.
    ///
    /// - Parameter scopes: As in the parameters `scope`.
    package func issueToken(scopes: [String], caller: Caller) async throws(AccessError) -> IssuedToken {
        try await issue(try TokenScope.parse(scopes), to: caller)
    }

    private func issue(_ scopes: [TokenScope], to caller: Caller) async throws(AccessError) -> IssuedToken {
        switch caller {
        case .anonymous where scopes.isEmpty: throw .unauthenticated(Challenge())
        // A token buys no token: else a stolen one would live for ever.
        case .token: throw .unauthenticated(Challenge(fault: .invalidToken))
        default: break
        }
        let key = IssuedTokenKey(user: caller.user?.id, version: caller.user?.version ?? 0, scopes: scopes)
        let stamp = metadata.changeStamp()
        if let stamp, let known = issued.value(for: key, stamp: stamp) { return known }
        let token = try await sign(try await access(scopes, for: caller), for: caller)
        if let stamp { issued.insert(token, for: key, stamp: stamp) }
        return token
    }

    private func access(_ scopes: [TokenScope], for caller: Caller) async throws(AccessError) -> [TokenAccess] {
        let user = caller.user?.id
        let projects = Set(scopes.compactMap { $0.repository?.project })
        // One project is the rule, and often in memory.
        let rights: [ProjectName: Standing] =
            if projects.count == 1, let only = projects.first {
                [only: try await standing(of: user, in: only)]
            } else if projects.isEmpty {
                [:]
            } else {
                try await standings(of: user, in: projects)
            }
        let isAdmin = scopes.contains(where: \.isCatalog) ? try await isAdministrator(user) : false
        return scopes.merged().map { scope in
            scope.granted(by: scope.repository.flatMap { rights[$0.project] }, isAdmin: isAdmin)
        }
    }

    private func isAdministrator(_ user: UserID?) async throws(AccessError) -> Bool {
        guard let user else { return false }
        let account = try await standing(of: user, in: nil).account
        return account?.isAdmin == true && account?.isLocked == false
    }

    private func sign(_ access: [TokenAccess], for caller: Caller) async throws(AccessError) -> IssuedToken {
        let key = try await keys.signer()
        let now = clock.seconds
        let claims = TokenClaims(
            subject: caller.user, issuedAt: now, expiry: now + settings.tokenLifetime.components.seconds,
            id: Base64URL.encode(randomBytes(12)), access: access)
        let signed = key.encodedHeader + Base64URL.encode(claims.json(service: settings.service))
        do {
            let signature = Base64URL.encode(try key.sign(signed))
            return IssuedToken(token: "\(signed).\(signature)", issuedAt: claims.issuedAt, expiry: claims.expiry)
        } catch {
            throw .secretKey("tokens cannot be signed: \(error)")
        }
    }
}

extension TokenScope {
    /// The entry of a token for this scope: what is asked, cut down to what is allowed.
    fileprivate func granted(by standing: Standing?, isAdmin: Bool) -> TokenAccess {
        if isCatalog {
            let actions = isAdmin ? ["*"] : []
            return TokenAccess(type: type, resourceClass: resourceClass, name: name, actions: actions, project: nil)
        }
        let granted = standing?.actions.intersection(repositoryActions) ?? []
        return TokenAccess(
            type: type, resourceClass: resourceClass, name: name, actions: granted.list.map(\.name),
            project: granted.isEmpty ? nil : standing?.project?.id)
    }
}

extension [TokenScope] {
    /// One scope for each resource, asking for all that any of them asks for, in the order of first mention.
    fileprivate func merged() -> [TokenScope] {
        var places: [String: Int] = [:]
        var merged: [TokenScope] = []
        for scope in self {
            let resource = "\(scope.type)(\(scope.resourceClass ?? "")):\(scope.name)"
            if let place = places[resource] {
                merged[place] = merged[place].asking(for: scope.actions)
            } else {
                places[resource] = merged.count
                merged.append(scope)
            }
        }
        return merged
    }
}
