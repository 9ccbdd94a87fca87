// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// One account.
package struct UserRow: Sendable {
    package let id: UserID
    /// The name as its owner wrote it.
    package let name: String
    /// The password's hash in its self-describing form; nil for an account that cannot log in by password.
    package let password: String?
    package let isAdmin: Bool
    /// Whether the account is locked until it gets another password.
    package let mustChange: Bool
    /// Changes with every change of the row.
    package let version: Int64

    init(_ row: SQLRow) {
        id = UserID(rawValue: row.text(0))
        name = row.text(1)
        password = row.optionalText(2)
        isAdmin = row.flag(3)
        mustChange = row.flag(4)
        version = row.integer(5)
    }

    fileprivate static let columns: SQLFragment = "id, name, password, is_admin, must_change, version"
}

extension MetadataTransaction {
    /// The account of this name, or nil. Capital letters make no difference.
    package func user(named name: String) throws -> UserRow? {
        try sql.rows("SELECT \(UserRow.columns) FROM users WHERE name_key = \(Self.userKey(name))").first.map(
            UserRow.init)
    }

    /// The account of this id, or nil.
    package func user(_ id: UserID) throws -> UserRow? {
        try sql.rows("SELECT \(UserRow.columns) FROM users WHERE id = \(id)").first.map(UserRow.init)
    }

    /// All accounts in the order of their names.
    ///
    /// - Parameters:
    ///   - last: The name before the page's first; nil for the first page.
    ///   - limit: The most accounts to give.
    package func users(after last: String?, limit: Int) throws -> [UserRow] {
        try sql.rows(
            """
            SELECT \(UserRow.columns) FROM users WHERE name_key > \(last.map(Self.userKey) ?? "")
            ORDER BY name_key LIMIT \(limit)
            """
        ).map(UserRow.init)
    }

    /// Whether there is any account at all.
    package func hasUsers() throws -> Bool {
        try !sql.rows("SELECT 1 FROM users LIMIT 1").isEmpty
    }

    /// The names of administrators who must get another password first.
    package func lockedAdministrators() throws -> [String] {
        try sql.rows("SELECT name FROM users WHERE is_admin = 1 AND must_change = 1 ORDER BY name_key").map {
            $0.text(0)
        }
    }

    /// Adds an account.
    ///
    /// - Returns: Whether the name was free; nothing changes when it was not.
    package func addUser(
        _ id: UserID, name: String, password: String?, isAdmin: Bool, mustChange: Bool
    ) throws -> Bool {
        try sql.run(
            """
            INSERT INTO users (id, name, name_key, password, is_admin, must_change, created_at, version)
            VALUES (\(id), \(name), \(Self.userKey(name)), \(password.sqlValue), \(isAdmin), \(mustChange), \(dialect.now), 1)
            \(dialect.keepExisting("id"))
            """
        ) == 1
    }

    /// Gives an account another password and opens it again if it was locked.
    ///
    /// - Returns: Whether the row was still as it was when `user` was read.
    package func setPassword(_ password: String, of user: UserRow) throws -> Bool {
        try sql.run(
            """
            UPDATE users SET password = \(password), must_change = 0, version = version + 1
            WHERE id = \(user.id) AND version = \(user.version)
            """
        ) == 1
    }

    /// Makes an account an administrator of everything, or an ordinary one.
    package func setAdmin(_ isAdmin: Bool, of user: UserRow) throws -> Bool {
        try sql.run(
            """
            UPDATE users SET is_admin = \(isAdmin), version = version + 1
            WHERE id = \(user.id) AND version = \(user.version)
            """
        ) == 1
    }

    /// Removes an account and its part in every project.
    package func removeUser(_ id: UserID) throws -> Bool {
        try sql.run("DELETE FROM project_members WHERE user_id = \(id)")
        return try sql.run("DELETE FROM users WHERE id = \(id)") == 1
    }

    private static func userKey(_ name: String) -> String { name.lowercased() }
}
