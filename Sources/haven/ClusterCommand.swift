// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `haven cluster …`: several nodes.
struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Plan balancers and nodes, and carry an installation to further nodes.",
        subcommands: [Example.self, Check.self, Render.self, Bundle.self, Unbundle.self])
}
