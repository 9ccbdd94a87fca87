// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `haven cluster …`: several nodes.
struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Carry an installation to further nodes.",
        subcommands: [Bundle.self, Unbundle.self])
}
