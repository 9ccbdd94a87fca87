// SPDX-License-Identifier: Apache-2.0
import Metadata
import OCI

import enum SQLStorage.SQLLane

/// What the first start made, and what every start should say.
package struct FirstRows: Sendable {
    /// The password of the account `admin`, when this call made it up. To be shown once, and never logged.
    package let generatedPassword: String?
    /// Administrators who cannot log in until they get another password than the well-known one: worth a loud warning.
    package let lockedAdministrators: [String]
}

extension AccessService {
    /// Makes what must be there before anybody can come: the account `admin`, the public project `library`, a key for
    /// tokens. Once for all nodes, whoever comes first; later starts find them. A node with another secret key than the
    /// nodes before it is refused here, before it can do anything.
    ///
    /// - Parameter adminPassword: The first password of `admin`; nil to make one up. Looked at only when there is no
    ///   account yet. With Harbor's well-known default the account is made locked.
    /// - Throws: ``AccessError/passwordRefused(_:)``, ``AccessError/secretKey(_:)``, ``AccessError/metadata(_:)``.
    package func prepare(adminPassword: String?) async throws(AccessError) -> FirstRows {
        try await secrets.check()
        let isEmpty = try await answering { try await metadata.read(.administration) { try !$0.hasUsers() } }
        let generated = isEmpty ? try await makeFirstRows(adminPassword: adminPassword) : nil
        _ = try await keys.signer()
        let locked = try await answering { try await metadata.read(.administration) { try $0.lockedAdministrators() } }
        return FirstRows(generatedPassword: generated, lockedAdministrators: locked)
    }

    /// Why a password cannot be the first one of `admin`; nil when it can. Harbor's well-known one can: it locks the account.
    package static func refusal(ofFirstPassword password: String) -> String? {
        do throws(AccessError) {
            if password != PasswordRule.wellKnown { try PasswordRule.check(password) }
            return nil
        } catch {
            return error.message
        }
    }

    /// - Returns: The password that was made up, when it is the one that counts.
    private func makeFirstRows(adminPassword: String?) async throws(AccessError) -> String? {
        let isWellKnown = adminPassword == PasswordRule.wellKnown
        if let adminPassword, !isWellKnown { try PasswordRule.check(adminPassword) }
        let password = adminPassword ?? PasswordRule.random()
        let hash = try await logins.hash(password)
        let (user, project) = (UserID.random(), ProjectID.random())
        let isMade = try await answering {
            try await metadata.write(.administration) { transaction in
                // Of several nodes that start together, the others wait here for the first, and then find its rows.
                try transaction.holdSecret(SharedSecrets.checkName)
                try transaction.advanceEpoch("access")
                guard try !transaction.hasUsers() else { return false }
                let isAdded = try transaction.addUser(
                    user, name: "admin", password: hash, isAdmin: true, mustChange: isWellKnown)
                if let library = ProjectName("library") {
                    _ = try transaction.addProject(project, name: library, isPublic: true, limit: nil)
                }
                return isAdded
            }
        }
        return isMade && adminPassword == nil ? password : nil
    }

    /// Makes a new key for tokens. It signs when every node has had the time to read it, and tokens of the old one stay good
    /// until they run out.
    package func rotateSigningKey() async throws(AccessError) {
        try await keys.rotate()
    }

    /// The keys for tokens and what each is for, the newest first.
    package func signingKeys() async throws(AccessError) -> [KeyStatus] {
        try await keys.list()
    }
}
