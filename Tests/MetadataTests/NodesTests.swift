// SPDX-License-Identifier: Apache-2.0

import Metadata
import OCI
import SQLStorage
import TestKit
import Testing

@Suite("Nodes")
struct NodesTests {
    private func node(_ name: String, id: NodeID = .random(), _ state: NodeBeat.State = .serving) -> NodeBeat {
        NodeBeat(
            id: id, name: name, version: "1.2.3", address: "\(name):8080", schema: 2, state: state, clock: 5_000_000)
    }

    @Test("each start is a row of its own that keeps its beginning and takes every beat")
    func beats() async throws {
        try await withMetadata { store in
            let first = NodeID.random()
            try await store.beat(node("b", id: first))
            let begun = try await store.read { try $0.nodes() }[0]
            try await store.beat(node("b", id: first, .draining))
            try await store.beat(node("a"))
            let rows = try await store.read { try $0.nodes() }
            #expect(rows.map(\.name) == ["a", "b"])
            #expect(rows[1].state == .draining)
            #expect(rows[1].startedAt == begun.startedAt)
            #expect(rows[1].beatAt >= begun.beatAt)
            #expect(rows[1].silence >= 0 && rows[1].silence < 60_000_000)
            #expect(rows[1].clockSkew < -1_000_000_000, "a clock of 1970 is far behind")
            #expect(rows[1].version == "1.2.3" && rows[1].address == "b:8080" && rows[1].schema == 2)
        }
    }

    @Test("only those that were silent for long are forgotten")
    func forgotten() async throws {
        try await withMetadata { store in
            try await store.beat(node("a"))
            try await store.write(.jobs) { try $0.forgetNodes(silentFor: .hours(1)) }
            #expect(try await store.read { try $0.nodes() }.count == 1)
            try await store.write(.jobs) { try $0.forgetNodes(silentFor: -.hours(1)) }
            #expect(try await store.read { try $0.nodes() }.isEmpty)
        }
    }

    @Test("a node always charges the same row, and nodes are spread over the rows")
    func slots() {
        let names = (0..<1_000).map { "registry-\($0)" }
        let slots = names.map { MetadataTransaction.slot(ofNode: $0) }
        #expect(slots == names.map { MetadataTransaction.slot(ofNode: $0) })
        #expect(Set(slots) == Set(0..<MetadataTransaction.usageSlots))
        #expect(MetadataTransaction.slot(ofNode: "node1") == 6)
    }

    @Test("nodes that charge different rows share one limit to the byte")
    func sharedLimit() async throws {
        try await withMetadata { first in
            let names = ["node1", "node2", "node3"]
            let stores = names.map { MetadataStore(database: first.database, node: $0) }
            #expect(Set(names.map { MetadataTransaction.slot(ofNode: $0) }).count == 3)
            let project = ProjectID.random()
            _ = try await first.write { transaction in
                try transaction.addProject(project, name: ProjectName("p")!, isPublic: false, limit: 1_000)
            }
            let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
                for turn in 0..<120 {
                    group.addTask {
                        do {
                            try await stores[turn % 3].write { try $0.charge(project, bytes: 10) }
                            return true
                        } catch MetadataError.quotaExceeded {
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(taken == 100)
            let usage = try await first.read { try $0.usage(of: project) }
            #expect(usage.used == 1_000 && usage.limit == 1_000)
        }
    }
}
