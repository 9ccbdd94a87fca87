// SPDX-License-Identifier: Apache-2.0
package import OCI

/// Why access was refused, or an order of an administrator could not be done.
package enum AccessError: Error, Sendable {
    // MARK: who is asking
    /// Nobody said who they are, or their token does not do: 401 with a challenge.
    case unauthenticated(Challenge)
    /// There is no such account, or the password is another; which of the two is not said.
    case badCredentials
    /// The password is right, but is one that everybody knows: it must be replaced first.
    case passwordMustChange(String)
    /// Too many failures of this account or from this address: try again later. 429.
    case throttled(retryAfter: Duration)
    /// Too many passwords are waiting to be checked: try again later. 503.
    case busy(retryAfter: Duration)

    // MARK: what they may do
    /// The caller is known and may not do this.
    case denied(Denial)
    /// There is no such project, or the caller may not know of it.
    case projectUnknown(ProjectName)

    // MARK: asking for a token
    /// The parameter `service` does not name this registry.
    case serviceUnknown(expected: String)
    /// A scope that does not follow the grammar, or too many of them.
    case scopeInvalid(String)

    // MARK: administration
    case userNameInvalid
    case userExists(String)
    case userUnknown(String)
    case passwordRefused(PasswordFault)
    case projectNameInvalid
    case projectExists(ProjectName)
    case projectNotEmpty(ProjectName)
    case quotaInvalid
    case patternInvalid(String, PatternFault)

    // MARK: what access itself needs
    /// The file that keeps secrets is missing, unreadable or another than the one used before.
    case secretKey(String)
    /// The database refused or failed; the cause is for the log.
    case metadata(any Error)
}

/// What an answer 401 tells the client to bring.
package struct Challenge: Sendable, Hashable {
    /// Why the credentials that were sent do not do. The words are those of RFC 6750, section 3.1.
    package enum Fault: String, Sendable {
        case invalidToken = "invalid_token"
        case insufficientScope = "insufficient_scope"
    }

    /// The scope to ask a token for; nil when no particular one is needed.
    package var scope: String?
    package var fault: Fault?

    package init(scope: String? = nil, fault: Fault? = nil) {
        self.scope = scope
        self.fault = fault
    }

    /// The scope that ``Permission`` `P` on a repository needs.
    package static func scope<P: Permission>(_ permission: P.Type, on name: RepositoryName) -> String {
        "repository:\(name):\(P.action.scopeActions)"
    }

    /// The scope for the list of all repositories.
    package static let catalogScope = "registry:catalog:*"
}

/// What a known caller may not do.
package enum Denial: Sendable, Hashable {
    case action(Action, on: RepositoryName, caller: String)
    case catalog(caller: String)
}

/// What is wrong with a new password.
package enum PasswordFault: Sendable, Hashable {
    /// Not 8 to 128 characters, or without a lower-case letter, an upper-case letter or a digit.
    case weak
    /// It is the one the account has now.
    case unchanged
    /// It is Harbor's default, which everybody knows.
    case wellKnown
}

extension AccessError {
    /// What is wrong and what to do next, for the client; free of internals and secrets.
    package var message: String {
        switch self {
        case .unauthenticated(let challenge): challenge.message
        case .badCredentials: "the user name or the password is wrong"
        case .passwordMustChange(let user):
            "the account \(user) is locked because its password is a well-known default: "
                + "an operator gives it another with `haven user password \(user)`"
        case .throttled(let delay): "too many failed logins; try again in \(delay.wholeSeconds) s"
        case .busy(let delay): "too many logins at once; try again in \(delay.wholeSeconds) s"
        case .denied(let denial): denial.message
        case .projectUnknown(let project):
            "there is no project \(project), or you have no part in it; an administrator creates it or adds you"
        case .serviceUnknown(let expected): "the parameter service must be \(expected)"
        case .scopeInvalid(let reason): reason
        default: administrationMessage
        }
    }

    private var administrationMessage: String {
        switch self {
        case .userNameInvalid:
            "a user name has 1 to 255 characters, no control characters or spaces around it, and none of , : \" ~ # % $"
        case .userExists(let name): "there is a user \(name) already"
        case .userUnknown(let name): "there is no user \(name)"
        case .passwordRefused(let fault): fault.message
        case .projectNameInvalid:
            "a project name has 1 to 255 characters: lower-case letters and digits, "
                + "with single dots, dashes or underscores between them"
        case .projectExists(let name): "there is a project \(name) already"
        case .projectNotEmpty(let name): "the project \(name) still holds repositories; delete them first"
        case .quotaInvalid: "a quota is a number of bytes from 1, or no limit"
        case .patternInvalid(let pattern, let fault): "the tag pattern \(pattern) \(fault.message)"
        case .secretKey(let text): text
        default: "access rights cannot be read or changed at the moment; try again"
        }
    }
}

extension Challenge {
    var message: String {
        switch fault {
        case nil: "authentication is required"
        case .invalidToken: "the token is not valid, or not any more; ask for a new one"
        case .insufficientScope: "the token does not cover this; ask for one that does"
        }
    }
}

extension Denial {
    var message: String {
        switch self {
        case .action(let action, let name, let caller): "\(caller) may not \(action.name) in \(name)"
        case .catalog(let caller): "\(caller) may not list all repositories; administrators may"
        }
    }
}

extension PasswordFault {
    var message: String {
        switch self {
        case .weak:
            "a password has 8 to 128 characters with at least one lower-case letter, one upper-case letter and one digit"
        case .unchanged: "the new password is the old one"
        case .wellKnown: "this password is Harbor's default and known to everybody; choose another"
        }
    }
}

extension Duration {
    /// Seconds, rounded up, at least 1: for `Retry-After`.
    package var wholeSeconds: Int64 {
        max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0))
    }
}
