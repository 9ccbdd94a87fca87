// SPDX-License-Identifier: Apache-2.0

/// The part a user plays in a project. The numbers are Harbor's; those that are not listed give no rights.
package enum ProjectRole: Int, Sendable, Hashable, CaseIterable {
    /// Everything in the project.
    case admin = 1
    /// Reads and adds; deletes nothing (Harbor's developer).
    case write = 2
    /// Reads (Harbor's guest).
    case read = 3

    /// A role by the word used on the command line.
    package init?(name: String) {
        guard let role = ProjectRole.allCases.first(where: { $0.name == name }) else { return nil }
        self = role
    }

    /// The word used on the command line.
    package var name: String {
        switch self {
        case .admin: "admin"
        case .write: "write"
        case .read: "read"
        }
    }

    var actions: Actions {
        switch self {
        case .admin: .all
        case .write: [.pull, .push]
        case .read: .pull
        }
    }
}
