// SPDX-License-Identifier: Apache-2.0

/// What somebody may do with a repository. The words are those of token scopes.
package enum Action: UInt8, Sendable, Hashable, CaseIterable {
    case pull, push, delete

    /// The word in a scope and in a token.
    package var name: String {
        switch self {
        case .pull: "pull"
        case .push: "push"
        case .delete: "delete"
        }
    }

    /// What a client should ask for to be able to do this: who pushes also reads.
    var scopeActions: String { self == .push ? "pull,push" : name }
}

/// A set of actions, in one byte.
package struct Actions: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let pull = Actions(.pull)
    package static let push = Actions(.push)
    package static let delete = Actions(.delete)
    package static let all: Actions = [.pull, .push, .delete]

    init(_ action: Action) {
        self.init(rawValue: 1 << action.rawValue)
    }

    /// The actions in their fixed order.
    package var list: [Action] { Action.allCases.filter { contains(Actions($0)) } }
}

/// Leave to do something, as a type: a function that needs it demands a ``Permit`` of it.
package protocol Permission: Sendable {
    static var action: Action { get }
}

/// Leave to read manifests, tags and blobs of a repository.
package enum Pull: Permission {
    package static var action: Action { .pull }
}

/// Leave to add to a repository, and to create it in its project.
package enum Push: Permission {
    package static var action: Action { .push }
}

/// Leave to take away tags, manifests and blobs of a repository.
package enum Delete: Permission {
    package static var action: Action { .delete }
}
