// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Cluster
import FoundationEssentials

/// The plan that a command is about.
struct PlanFile: ParsableArguments {
    /// A plan with every list full has some 20 KB.
    private static let limit = 1 << 20

    @Argument(help: "The plan of the cluster (YAML).", completion: .file(extensions: ["yml", "yaml"]))
    var plan: String

    /// Reads the plan, or prints every fault in it and ends the command as wrongly used.
    func read() throws -> ClusterPlan {
        guard let bytes = try? Data(contentsOf: URL(filePath: plan)) else {
            throw CommandFailure("\(plan) cannot be read; haven cluster example prints a plan to begin with")
        }
        guard bytes.count <= Self.limit, let text = String(bytes: bytes, encoding: .utf8) else {
            throw CommandFailure("\(plan) is no plan: it must be text in UTF-8 of at most \(Self.limit) bytes")
        }
        do {
            return try ClusterPlan(yaml: text)
        } catch let error as PlanError {
            printError("\(plan): \(error)")
            throw CommandEnd.wrongUsage
        }
    }
}
