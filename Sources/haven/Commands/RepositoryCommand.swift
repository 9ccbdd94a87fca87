// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import HavenServer
import Metadata
import OCI
import SQLStorage

/// `haven repo …`: repositories.
struct RepositoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repo",
        abstract: "List the repositories of a project.",
        subcommands: [List.self])

    struct List: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "List the repositories of a project by name.")
        @Argument(help: "The name of the project.") var project: String
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func run(_ context: CommandContext) async throws {
            guard let name = ProjectName(project) else { throw AccessError.projectNameInvalid }
            let repositories = try await withNode(settings, context) { node in
                try await allPages { (last: RepositorySummary?, limit) in
                    try await node.metadata.read(.administration) { transaction in
                        guard let project = try transaction.project(named: name) else {
                            throw AccessError.projectUnknown(name)
                        }
                        return try transaction.repositories(in: project.id, after: last?.name, limit: limit)
                    }
                }
            }
            var listing = Listing("name")
            for repository in repositories { listing.add(.text(repository.name)) }
            listing.print(output.output)
        }
    }
}

/// `haven tag …`: tags.
struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "List the tags of a repository.",
        subcommands: [List.self])

    struct List: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "List the tags of a repository by name.")
        @Argument(help: ArgumentHelp("The repository, for example library/app.", valueName: "project/repository"))
        var repository: String
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func run(_ context: CommandContext) async throws {
            guard let name = RepositoryName(repository) else {
                throw CommandFailure(
                    "\(repository) is not the name of a repository; it has the form project/repository.")
            }
            let tags = try await withNode(settings, context) { node in
                try await allPages { (last: TagSummary?, limit) in
                    try await node.metadata.read(.administration) { transaction in
                        guard let project = try transaction.project(named: name.project),
                            let id = try transaction.repository(name, in: project.id)
                        else { throw CommandFailure("There is no repository \(name).") }
                        return try transaction.tagSummaries(in: id, after: last?.name ?? "", limit: limit)
                    }
                }
            }
            var listing = Listing("name", "digest", "updated_at")
            for tag in tags {
                let time = RFC3339.string(microseconds: tag.updatedAt)
                listing.add(.text(tag.name), .text("\(tag.digest)"), .text(time))
            }
            listing.print(output.output)
        }
    }
}
