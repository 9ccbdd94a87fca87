// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer
import Lifecycle

/// `haven gc`: one run of the collector, beside a running server or without one.
struct CollectCommand: HavenCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Delete what nothing needs any more, while clients push and pull.",
        discussion: """
            A server collects by itself every gc_interval; this runs the collector now. Nothing has to stop for it. What was \
            pushed, mounted or looked up lately stays for lease_life, and bytes stay for read_grace after their row.
            """)
    @Flag(help: "Print what a run would do, and change nothing.") var dryRun = false
    @Flag(help: "Also remove manifests without a tag that no index and no subject keeps, from now on for this run.")
    var untagged = false
    @Flag(help: "Look at every row first, not only at those that are due.") var sweep = false
    @OptionGroup var settings: SettingsOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: CommandContext) async throws {
        let report = try await withNode(settings, context) { node in
            let collector = node.collector(removingUntagged: untagged)
            if sweep || untagged, !dryRun { _ = try await collector.sweep() }
            return try await collector.run(dryRun: dryRun)
        }
        var listing = Listing("what", "count")
        listing.add(.text("unfinished uploads"), .number(Int64(report.uploads)))
        listing.add(.text("manifests"), .number(Int64(report.manifests)))
        listing.add(.text("links"), .number(Int64(report.links)))
        listing.add(.text("blobs"), .number(Int64(report.blobs)))
        listing.add(.text("bytes condemned"), .number(report.condemnedBytes))
        listing.add(.text("objects deleted"), .number(Int64(report.objects)))
        listing.add(.text("bytes freed"), .number(report.freedBytes))
        listing.add(.text("objects that could not be deleted"), .number(Int64(report.failures)))
        listing.print(output.output)
        if dryRun, output.output == .text { print("Nothing was changed: this was a dry run.") }
        if report.failures > 0 {
            throw CommandFailure("some objects could not be deleted; the next run tries them again.")
        }
    }
}
