// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import HavenServer
import Metadata
import SQLStorage

/// `haven user …`: accounts.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Create accounts, change their passwords and list them.",
        subcommands: [Create.self, Password.self, List.self])
}

extension UserCommand {
    struct Create: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "Create an account.")
        @Argument(help: "The name of the account.") var name: String
        @Flag(help: "Make the account an administrator of everything.") var admin = false
        @OptionGroup var password: PasswordInput
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            let password = try password.read(for: name)
            try await withNode(settings, context) { node in
                try await node.access.createUser(name: name, password: password, isAdmin: admin)
            }
            print("The account \(name) was created.")
        }
    }

    struct Password: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give an account another password.",
            discussion:
                "This also opens an account that was locked. What was proved with the old password is void at once.")
        @Argument(help: "The name of the account.") var name: String
        @OptionGroup var password: PasswordInput
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            let password = try password.read(for: name)
            try await withNode(settings, context) { node in
                try await node.access.setPassword(of: name, to: password)
            }
            print("The account \(name) has another password.")
        }
    }

    struct List: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "List all accounts by name.")
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func run(_ context: CommandContext) async throws {
            let users = try await withNode(settings, context) { node in
                try await allPages { last, limit in
                    try await node.metadata.read(.administration) { transaction in
                        try transaction.users(after: last?.name, limit: limit)
                    }
                }
            }
            var listing = Listing("name", "admin", "locked")
            for user in users { listing.add(.text(user.name), .bool(user.isAdmin), .bool(user.mustChange)) }
            listing.print(output.output)
        }
    }
}

/// All rows of a list that is read page by page.
func allPages<Row: Sendable>(_ read: (_ last: Row?, _ limit: Int) async throws -> [Row]) async throws -> [Row] {
    var rows: [Row] = []
    let limit = 1_000
    while true {
        let page = try await read(rows.last, limit)
        rows += page
        if page.count < limit { return rows }
    }
}
