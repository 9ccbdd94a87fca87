// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import HavenServer
import Metadata
import OCI
import SQLStorage

/// `haven project member …`: who has which part in a project.
struct MemberCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member",
        abstract: "Set, remove and list the members of a project.",
        subcommands: [Set.self, Remove.self, List.self])
}

extension ProjectRole: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(name: argument)
    }

    package static var allValueStrings: [String] {
        allCases.map(\.name)
    }
}

extension MemberCommand {
    struct Set: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a user a role in a project.",
            discussion: """
                admin may do everything in the project, write may pull and push, and read may pull. The role takes the \
                place of the one the user has, and counts at the next request.
                """)
        @Argument(help: "The name of the project.") var project: String
        @Argument(help: "The name of the account.") var user: String
        @Argument(help: "The role.") var role: ProjectRole
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            try await withNode(settings, context) { node in
                try await node.access.setMember(project: project, user: user, role: role)
            }
            print("\(user) has the role \(role.name) in \(project).")
        }
    }

    struct Remove: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "Take a user's role in a project away.")
        @Argument(help: "The name of the project.") var project: String
        @Argument(help: "The name of the account.") var user: String
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            try await withNode(settings, context) { node in
                try await node.access.setMember(project: project, user: user, role: nil)
            }
            print("\(user) has no role in \(project).")
        }
    }

    struct List: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "List the members of a project by name.")
        @Argument(help: "The name of the project.") var project: String
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func run(_ context: CommandContext) async throws {
            guard let name = ProjectName(project) else { throw AccessError.projectNameInvalid }
            let members = try await withNode(settings, context) { node in
                try await node.metadata.read(.administration) { transaction in
                    guard let project = try transaction.project(named: name) else {
                        throw AccessError.projectUnknown(name)
                    }
                    return try transaction.members(of: project.id)
                }
            }
            var listing = Listing("name", "role")
            for member in members {
                listing.add(.text(member.name), .text(ProjectRole(rawValue: member.role)?.name ?? "\(member.role)"))
            }
            listing.print(output.output)
        }
    }
}
