// SPDX-License-Identifier: Apache-2.0
import Metadata

/// All that decides what an account may do in a project, as the rows say at one moment.
struct Standing: Sendable {
    /// The account; nil when there is none (any more), and for nobody.
    let account: Account?
    /// The live project of that name; nil when there is none.
    let project: Project?
    /// Whether the rows were read before the database went out of reach: good for pulls, and for no refusal.
    var isStale = false

    struct Account: Sendable {
        let id: UserID
        let isAdmin: Bool
        let isLocked: Bool
        let version: Int64
    }

    struct Project: Sendable {
        let id: ProjectID
        let isPublic: Bool
        /// The account's role in it; nil for none, and for numbers that this release does not know.
        let role: ProjectRole?
    }

    /// What is allowed. What is not said to be allowed is not.
    var actions: Actions {
        guard let project else { return [] }
        var actions: Actions = project.isPublic ? .pull : []
        guard let account, !account.isLocked else { return actions }
        if account.isAdmin { return .all }
        if let role = project.role { actions.formUnion(role.actions) }
        return actions
    }

    /// Whether `user` is who the account's row says: neither removed, locked nor changed since the proof.
    func confirms(_ user: KnownUser) -> Bool {
        guard let account else { return false }
        return account.id == user.id && account.version == user.version && !account.isLocked
    }
}
