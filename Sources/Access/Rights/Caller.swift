// SPDX-License-Identifier: Apache-2.0
package import Metadata
import OCI

/// Who sent a request. Knowing that gives no rights: only ``AccessService/authorize(_:on:as:)`` does.
package enum Caller: Sendable {
    /// Nobody said who they are.
    case anonymous
    /// Somebody who gave a name and its password with this request.
    case user(KnownUser)
    /// The bearer of a token that this registry issued, which is still valid.
    case token(VerifiedToken)

    /// The account behind the request; nil for nobody and for anonymous tokens.
    package var user: KnownUser? {
        switch self {
        case .anonymous: nil
        case .user(let user): user
        case .token(let token): token.subject
        }
    }

    /// The name for logs and histories.
    package var name: String { user?.name ?? "anonymous" }

    /// What identifies the caller over several requests, whichever way they identify: uploads are bound to it.
    package var key: String { user?.id.rawValue ?? "anonymous" }
}

/// An account as it was when its owner proved to be it.
package struct KnownUser: Sendable, Hashable {
    package let id: UserID
    package let name: String
    /// Changes with the password and with the account's rights; when it differs from the row's, the proof is void.
    let version: Int64
}

/// What a token that was checked says.
package final class VerifiedToken: Sendable {
    /// Whom it speaks for; nil for an anonymous token.
    package let subject: KnownUser?
    /// The last second it is good for, since 1970, without leeway.
    let expiry: Int64
    let grants: [RepositoryGrant]
    let grantsCatalog: Bool

    init(subject: KnownUser?, expiry: Int64, grants: [RepositoryGrant], grantsCatalog: Bool) {
        self.subject = subject
        self.expiry = expiry
        self.grants = grants
        self.grantsCatalog = grantsCatalog
    }

    /// What the token grants on a repository of the project that has this name *now*. A token that was issued for an
    /// earlier project of the same name grants nothing.
    func actions(on name: RepositoryName, in project: ProjectID) -> Actions {
        // Tokens hold one to three grants, at most a hundred: looking at each is faster than hashing the name.
        for grant in grants where grant.name == name && grant.project == project { return grant.actions }
        return []
    }
}

/// One entry of a token.
struct RepositoryGrant: Sendable, Hashable {
    let name: RepositoryName
    let project: ProjectID
    let actions: Actions
}
