// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer
import Metadata
import OCI
import SQLStorage

/// `haven node …`: the nodes over one database.
struct NodesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "List the nodes that share the database, and take them out of service for a while.",
        subcommands: [List.self, Drain.self, Undrain.self])
}

extension NodesCommand {
    struct List: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the nodes of the last day and what they do.",
            discussion: """
                A node is serving, draining (it ends what it has and takes nothing new), drained (nothing runs on it), stopped (it ended on purpose) or \
                gone (it was silent for three heartbeats). The clock is how far the node's is ahead of the database's.
                """)
        @OptionGroup var settings: SettingsOptions
        @OptionGroup var output: OutputOptions

        func run(_ context: CommandContext) async throws {
            let limit = try settings.load(context).cluster.goneAfter
            let (nodes, drains) = try await withNode(settings, context) { node in
                try await node.metadata.read(.administration) { (try $0.nodes(), try $0.drains()) }
            }
            var listing = Listing("name", "version", "address", "state", "since", "last_seen", "clock_ms", "id")
            for node in nodes {
                listing.add(
                    .text(node.name), .text(node.version), .text(node.address),
                    .text(node.shownState(goneAfter: limit, drains)),
                    .text(RFC3339.string(microseconds: node.startedAt)),
                    .text(RFC3339.string(microseconds: node.beatAt)), .number(node.clockSkew / 1_000),
                    .text(node.id.rawValue))
            }
            listing.print(output.output)
        }
    }
}
