// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer
import Metadata
import OCI
import SQLStorage

/// `haven db …`: the schema of the database.
struct DatabaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db",
        abstract: "Migrate the database, and show its schema.",
        subcommands: [Prepare.self, Migrate.self, Status.self, Schema.self])
}

extension SQLDialect: ExpressibleByArgument {}

extension DatabaseCommand {
    struct Prepare: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fill an empty database: schema, administrator and keys.",
            discussion: """
                `haven serve` does the same at its first start. Running it again changes nothing. A password that is made here \
                is printed once on standard error.
                """)
        @Flag(help: "Leave out warnings about the settings.") var quiet = false
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            try await withNode(settings, context, quietly: quiet) { _ in }
            print("The database is ready.")
        }
    }

    struct Migrate: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring the database to the schema of this version.",
            discussion: """
                Running it again changes nothing. `haven serve` does the same for the embedded database, and for a served \
                one that is empty. Of several that run at once one migrates. Each step is made so that nodes of the \
                version before go on working beside it.
                """)
        @Option(
            name: .customLong("to"),
            help: ArgumentHelp("Stop after the migration of this number; default: the last.", valueName: "number"))
        var last: Int?
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            let settings = try settings.load(context)
            let last = last
            let applied = try await withDatabase(settings) { database in
                try await SchemaCheck.explaining { try await Migrator(database).migrate(to: last) }
            }
            for migration in applied { print("applied \(migration.number): \(migration.title)") }
            if applied.isEmpty { print("The database has the schema of this version already.") }
        }
    }

    struct Status: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "List the migrations and when each was applied.")
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func run(_ context: CommandContext) async throws {
            let settings = try settings.load(context)
            var listing = Listing("number", "title", "applied_at")
            let status = try await withDatabase(settings) { database in
                try await SchemaCheck.explaining { try await Migrator(database).status() }
            }
            for migration in status {
                listing.add(
                    .number(Int64(migration.number)), .text(migration.title),
                    migration.appliedAt.map { .text(RFC3339.string(microseconds: $0)) } ?? .none)
            }
            listing.print(output.output)
        }
    }

    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the statements that make the schema of this version.",
            discussion: """
                Loaded into an empty database with its own client, for example `haven db schema --dialect mariadb > \
                registry.sql` and `mysql registry < registry.sql`, they make a database that `haven serve` accepts.
                """)
        @Option(help: "The database to print them for.") var dialect = SQLDialect.sqlite

        func run() throws {
            print([Migration].released.schema(for: dialect))
        }
    }
}

/// Opens the database of the settings, runs a body with it, and closes it again.
private func withDatabase<T: Sendable>(
    _ settings: Settings, _ body: (any SQLDatabase) async throws -> T
) async throws -> T {
    let database = try HavenNode.openDatabase(settings)
    do {
        let result = try await body(database)
        await database.close()
        return result
    } catch {
        await database.close()
        throw error
    }
}
