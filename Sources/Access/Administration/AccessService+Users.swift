// SPDX-License-Identifier: Apache-2.0
import Metadata

import enum SQLStorage.SQLLane

extension AccessService {
    /// Adds an account.
    ///
    /// - Throws: ``AccessError/userNameInvalid``, ``AccessError/userExists(_:)``, ``AccessError/passwordRefused(_:)``.
    package func createUser(name: String, password: String, isAdmin: Bool) async throws(AccessError) {
        guard isUserName(name) else { throw .userNameInvalid }
        try PasswordRule.check(password)
        let hash = try await logins.hash(password)
        let id = UserID.random()
        let isAdded = try await changing { transaction in
            try transaction.addUser(id, name: name, password: hash, isAdmin: isAdmin, mustChange: false)
        }
        guard isAdded else { throw .userExists(name) }
    }

    /// Gives an account another password and opens it if it was locked. What was proved with the old one is void at once,
    /// tokens included.
    ///
    /// - Throws: ``AccessError/userUnknown(_:)``, ``AccessError/passwordRefused(_:)``.
    package func setPassword(of name: String, to password: String) async throws(AccessError) {
        try PasswordRule.check(password)
        let found = try await answering { try await metadata.read(.administration) { try $0.user(named: name) } }
        guard let found else { throw .userUnknown(name) }
        if let old = found.password, try await logins.matches(old, password) { throw .passwordRefused(.unchanged) }
        let hash = try await logins.hash(password)
        try await change(userNamed: name) { try $0.setPassword(hash, of: $1) }
    }

    /// Makes an account an administrator of everything, or an ordinary one.
    package func setAdministrator(_ isAdmin: Bool, user name: String) async throws(AccessError) {
        try await change(userNamed: name) { try $0.setAdmin(isAdmin, of: $1) }
    }

    /// Removes an account with its roles. Its tokens are void at once.
    package func deleteUser(_ name: String) async throws(AccessError) {
        try await change(userNamed: name) { try $0.removeUser($1.id) }
    }

    private func change(
        userNamed name: String, _ body: @escaping @Sendable (MetadataTransaction, UserRow) throws -> Bool
    ) async throws(AccessError) {
        try await changing { transaction in
            guard let user = try transaction.user(named: name) else { throw AccessError.userUnknown(name) }
            guard try body(transaction, user) else { throw MetadataError.raced("user \(user.id)") }
        }
    }

    /// Runs a change of rights: one transaction, which also says that rights changed.
    func changing<T: Sendable>(
        _ body: @escaping @Sendable (MetadataTransaction) throws -> T
    ) async throws(AccessError) -> T {
        try await answering {
            try await metadata.write(.administration) { transaction in
                let result = try body(transaction)
                try transaction.advanceEpoch("access")
                return result
            }
        }
    }
}

/// Harbor's rule, and no colon, because Basic credentials could not name such a user.
private func isUserName(_ name: String) -> Bool {
    guard (1...255).contains(name.unicodeScalars.count), let first = name.first, let last = name.last else {
        return false
    }
    guard !first.isWhitespace, !last.isWhitespace else { return false }
    return name.unicodeScalars.allSatisfy { scalar in
        !",:\"~#%$".unicodeScalars.contains(scalar) && !scalar.properties.isDefaultIgnorableCodePoint
            && ![.control, .lineSeparator, .paragraphSeparator, .unassigned].contains(scalar.properties.generalCategory)
    }
}
