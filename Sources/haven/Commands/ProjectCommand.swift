// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import HavenServer
import Metadata
import OCI
import SQLStorage

/// `haven project …`: projects and their members.
struct ProjectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project",
        abstract: "Create and change projects, and list them and their members.",
        subcommands: [Create.self, Set.self, List.self, MemberCommand.self])
}

/// A number of bytes on the command line: `1048576`, `512M`, `10G`.
struct ByteLimit: ExpressibleByArgument {
    let bytes: Int64

    init?(argument: String) {
        guard let bytes = SettingForm<Int64>.bytes.parse(argument), bytes > 0 else { return nil }
        self.bytes = bytes
    }
}

extension ProjectCommand {
    struct Create: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "Create a project.")
        @Argument(help: "The name of the project.") var name: String
        @Flag(help: "Let everybody pull from it.") var `public` = false
        @Option(
            help: ArgumentHelp(
                "The most bytes it may hold, for example 10G. Without it there is no limit.", valueName: "bytes"))
        var quota: ByteLimit?
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            try await withNode(settings, context) { node in
                try await node.access.createProject(name: name, isPublic: self.public, quota: quota?.bytes)
            }
            print("The project \(name) was created.")
        }
    }

    struct Set: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a project.",
            discussion: "Only what is given is changed; it counts at the next request.")
        @Argument(help: "The name of the project.") var project: String
        @Flag(inversion: .prefixedNo, help: "Let everybody pull from it, or members only.") var `public`: Bool?
        @Option(help: ArgumentHelp("The most bytes it may hold, for example 10G.", valueName: "bytes")) var quota:
            ByteLimit?
        @Flag(help: "Take the limit of bytes away.") var noQuota = false
        @Option(
            help: ArgumentHelp(
                "A pattern of tags that can be neither moved nor deleted, for example 'v*'. Give it once for "
                    + "each pattern; together they replace the ones before.",
                valueName: "glob"))
        var immutableTags: [String] = []
        @Flag(help: "Take all patterns of immutable tags away.") var noImmutableTags = false
        @OptionGroup var settings: SettingsOptions

        func validate() throws {
            if quota != nil && noQuota { throw ValidationError("Give --quota or --no-quota, not both.") }
            if !immutableTags.isEmpty && noImmutableTags {
                throw ValidationError("Give --immutable-tags or --no-immutable-tags, not both.")
            }
            if self.public == nil && quota == nil && !noQuota && immutableTags.isEmpty && !noImmutableTags {
                throw ValidationError("Nothing to change was given.")
            }
        }

        func run(_ context: CommandContext) async throws {
            try await withNode(settings, context) { node in
                if let isPublic = self.public { try await node.access.setPublic(isPublic, project: project) }
                if quota != nil || noQuota { try await node.access.setQuota(quota?.bytes, project: project) }
                if !immutableTags.isEmpty || noImmutableTags {
                    try await node.access.setImmutableTags(project: project, patterns: immutableTags)
                }
            }
            print("The project \(project) was changed.")
        }
    }

    struct List: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "List all projects by name, with what they hold.")
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func run(_ context: CommandContext) async throws {
            var listing = Listing("name", "public", "used_bytes", "quota_bytes", "immutable_tags")
            let rows = try await withNode(settings, context) { node in
                try await allPages { (last: ProjectLine?, limit) in
                    try await node.metadata.read(.administration) { transaction in
                        try transaction.projects(after: last?.project.name, limit: limit).map { project in
                            ProjectLine(
                                project: project, usage: try transaction.usage(of: project.id),
                                patterns: try transaction.immutablePatterns(of: project.id))
                        }
                    }
                }
            }
            for row in rows {
                listing.add(
                    .text("\(row.project.name)"), .bool(row.project.isPublic), .number(row.usage.used),
                    row.usage.limit.map { .number($0) } ?? .none,
                    .list(row.patterns))
            }
            listing.print(output.output)
        }

        private struct ProjectLine: Sendable {
            let project: ProjectRow
            let usage: ProjectUsage
            let patterns: [String]
        }
    }
}
