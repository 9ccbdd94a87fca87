// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HavenServer
import Metadata
import SQLStorage

extension NodesCommand {
    /// `haven node drain`: a node out of service, without ending it.
    struct Drain: HavenCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a node out of service: balancers leave it, and what runs on it ends.",
            discussion: """
                The node answers 404 at /healthz and goes on serving what still comes. Transfers end, and uploads that wait for \
                their client go on at other nodes. The command waits for that and says so. The order holds over starts of the \
                node, until haven node undrain.
                """)
        @Argument(help: "The name of the node, as haven node list shows it.") var name: String
        @Option(help: ArgumentHelp("How many seconds to wait for it.", valueName: "seconds")) var timeout = 600
        @OptionGroup var settings: SettingsOptions

        func validate() throws {
            if timeout < 0 { throw ValidationError("--timeout must not be negative.") }
        }

        func run(_ context: CommandContext) async throws {
            let limit = try settings.load(context).cluster.goneAfter
            let (name, timeout) = (name, timeout)
            let left = try await withNode(settings, context) { node in
                let look = DrainLook(metadata: node.metadata, name: name, goneAfter: limit)
                guard try await look.isKnown() else {
                    throw CommandFailure("there is no node \(name); haven node list names all")
                }
                try await node.metadata.write(.administration) { try $0.orderDrain(of: name) }
                return try await look.wait(.seconds(timeout)) { show($0) }
            }
            if let left {
                throw CommandFailure(
                    "the node \(name) is not drained after \(timeout) s: \(left); it goes on draining, and this command may "
                        + "be given again")
            }
            show("the node \(name) is drained; haven node undrain \(name) puts it back")
        }
    }

    /// `haven node undrain`: back into service.
    struct Undrain: HavenCommand {
        static let configuration = CommandConfiguration(abstract: "Put a drained node back into service.")
        @Argument(help: "The name of the node, as haven node list shows it.") var name: String
        @OptionGroup var settings: SettingsOptions

        func run(_ context: CommandContext) async throws {
            let name = name
            let wasOrdered = try await withNode(settings, context) { node in
                try await node.metadata.write(.administration) { try $0.cancelDrain(of: name) }
            }
            guard wasOrdered else { throw CommandFailure("the node \(name) was not told to drain") }
            print("the node \(name) serves again at its next beat")
        }
    }
}

/// Follows the nodes of a name while they drain.
private struct DrainLook {
    let metadata: MetadataStore
    let name: String
    let goneAfter: Duration

    func isKnown() async throws -> Bool {
        let name = name
        return try await metadata.read(.administration) { try $0.nodes().contains { $0.name == name } }
    }

    /// Waits until nothing runs on them, and tells each change.
    ///
    /// - Returns: What is left after `limit`; nil when nothing is.
    func wait(_ limit: Duration, _ tell: (String) -> Void) async throws -> String? {
        let end = ContinuousClock.now + limit
        var told = ""
        while true {
            guard let left = try await left() else { return nil }
            if left != told { tell("\(name): \(left)") }
            told = left
            if ContinuousClock.now >= end { return left }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    /// What still runs, in words; nil when every node of the name that lives is drained.
    private func left() async throws -> String? {
        let (nodes, drains) = try await metadata.read(.administration) { (try $0.nodes(), try $0.drains()) }
        let living = nodes.filter { $0.name == name && $0.state != .stopped && !$0.isGone(after: goneAfter) }
        let waiting = living.filter { $0.shownState(goneAfter: goneAfter, drains) != "drained" }
        guard let first = waiting.first else { return nil }
        guard first.state == .draining else { return "it has not heard of it yet" }
        let transfers = drains.first { $0.name == name && $0.node == first.id }?.transfers
        return transfers.map { $0 == 1 ? "1 transfer is left" : "\($0) transfers are left" } ?? "it begins to drain"
    }
}
