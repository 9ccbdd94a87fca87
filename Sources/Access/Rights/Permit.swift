// SPDX-License-Identifier: Apache-2.0
package import Metadata
package import OCI
import SQLStorage

/// Proof that a caller may do `P` in one repository, checked for this request.
///
/// Nobody else can make one, so a function that takes it cannot be reached without the check. It names the project by its
/// id: a project that is created under the same name later is another one.
package struct Permit<P: Permission>: Sendable {
    package let project: ProjectID
    package let repository: RepositoryName
    package let caller: Caller
    /// Whether the caller may push here too: their HEAD renews leases, that of a mere reader writes nothing.
    package let mayPush: Bool
    /// Whether it rests on rights read before the database went out of reach. Only pulls get such a permit.
    package let isStale: Bool

    fileprivate init(
        project: ProjectID, repository: RepositoryName, caller: Caller, mayPush: Bool, isStale: Bool
    ) {
        self.project = project
        self.repository = repository
        self.caller = caller
        self.mayPush = mayPush
        self.isStale = isStale
    }
}

extension Standing {
    /// The one decision of the registry: rights of the account, and of its token where one was sent.
    ///
    /// - Parameter now: Seconds since 1970.
    func permit<P: Permission>(
        _ permission: P.Type, on name: RepositoryName, as caller: Caller, now: Int64
    ) throws(AccessError) -> Permit<P> {
        let challenge = Challenge(scope: nil, fault: nil)
        // What is created must rest on rows of now.
        if isStale, P.action != .pull { throw Self.unreadable }
        let granted: Actions
        switch caller {
        case .anonymous:
            throw .unauthenticated(challenge.asking(P.self, on: name))
        case .user(let user):
            guard confirms(user) else { throw isStale ? Self.unreadable : .badCredentials }
            granted = .all
        case .token(let token):
            guard isCurrent(token, now: now) else {
                throw .unauthenticated(Challenge(fault: .invalidToken).asking(P.self, on: name))
            }
            granted = project.map { token.actions(on: name, in: $0.id) } ?? []
        }
        let effective = actions.intersection(granted)
        guard let project, effective.contains(Actions(P.action)) else {
            throw refusal(P.self, on: name, as: caller, granted: granted)
        }
        return Permit(
            project: project.id, repository: name, caller: caller, mayPush: effective.contains(.push), isStale: isStale)
    }

    /// Rows of now are needed and cannot be had.
    private static var unreadable: AccessError {
        .metadata(SQLError.unreachable("rights were last read before the outage"))
    }

    /// Whether a token still speaks for somebody.
    func isCurrent(_ token: VerifiedToken, now: Int64) -> Bool {
        guard now <= token.expiry + TokenRules.leewaySeconds else { return false }
        guard let subject = token.subject else { return true }
        return confirms(subject)
    }

    /// The answer to a caller whose rights do not reach: it says no more about the project than they may know.
    private func refusal<P: Permission>(
        _ permission: P.Type, on name: RepositoryName, as caller: Caller, granted: Actions
    ) -> AccessError {
        let isTokenTooSmall = actions.contains(Actions(P.action))
        if caller.user == nil || isTokenTooSmall {
            return .unauthenticated(Challenge(fault: .insufficientScope).asking(P.self, on: name))
        }
        // What was not allowed then may be now; a client told so would not come back.
        if isStale { return Self.unreadable }
        // Whoever holds a grant on this very project knows of it, even if the role has been taken away since.
        if actions.isEmpty && (granted.isEmpty || granted == .all && !isToken(caller)) {
            return .projectUnknown(name.project)
        }
        return .denied(.action(P.action, on: name, caller: caller.name))
    }

    private func isToken(_ caller: Caller) -> Bool {
        if case .token = caller { true } else { false }
    }
}

extension Challenge {
    fileprivate func asking<P: Permission>(_ permission: P.Type, on name: RepositoryName) -> Challenge {
        Challenge(scope: Challenge.scope(P.self, on: name), fault: fault)
    }
}
