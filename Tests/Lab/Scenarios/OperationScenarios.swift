// SPDX-License-Identifier: Apache-2.0
import TestKit

extension Scenario {
    /// What an operator does while clients work.
    static let operations = [
        Scenario(
            name: "rolling-restart", what: "All nodes are stopped and started again, one after the other.",
            promise: planned, isShort: true
        ) { lab in
            for node in LabAddress.nodes {
                try await lab.stopNode(node)
                try await lab.startNode(node)
                // As a balancer wants to see it healthy before it sends anything.
                try await Task.sleep(for: .seconds(2))
            }
            return []
        },
        Scenario(
            name: "migration", what: "The schema goes one version back and forth again while all nodes serve.",
            promise: planned
        ) { lab in
            let last = try await lab.lastMigration()
            try await lab.haven("db migrate --to \(last - 1)", on: "node1")
            try await Task.sleep(for: .seconds(5))
            try await lab.haven("db migrate", on: "node1")
            try await Task.sleep(for: .seconds(5))
            return []
        },
        Scenario(
            name: "key-rotation", what: "The key that signs tokens is replaced.", promise: planned
        ) { lab in
            try await lab.haven("token rotate", on: "node1")
            try await Task.sleep(for: .seconds(10))
            return []
        },
    ]
}

extension Lab {
    /// The number of the newest migration.
    fileprivate func lastMigration() async throws -> Int {
        let table = try await haven("db status", on: "node1")
        let numbers = table.split(separator: "\n").compactMap { line in
            line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
        }
        guard let last = numbers.max(), last > 1 else { throw ToolFailure(what: "no migrations: \(table)") }
        return last
    }
}
