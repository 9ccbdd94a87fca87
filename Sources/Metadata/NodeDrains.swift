// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// An operator's order to the nodes of a name to take nothing new, and what the node says of it.
///
/// It holds until it is taken back, also over starts of the node.
package struct NodeDrain: Sendable, Hashable {
    package let name: String
    /// The process that answered last; nil while none has.
    package let node: NodeID?
    /// How many transfers it had then.
    package let transfers: Int?

    /// Whether a node has done what was ordered: it says itself that nothing runs on it any more.
    package func isDone(by node: NodeID) -> Bool {
        self.node == node && transfers == 0
    }
}

extension MetadataTransaction {
    /// Orders the nodes of a name to drain. An order that stands already stays as it is.
    package func orderDrain(of name: String) throws {
        try sql.run(
            """
            INSERT INTO node_drains (name, ordered_at) VALUES (\(name), \(dialect.now)) \(dialect.keepExisting("name"))
            """)
    }

    /// Takes an order back.
    ///
    /// - Returns: Whether there was one.
    package func cancelDrain(of name: String) throws -> Bool {
        try sql.run("DELETE FROM node_drains WHERE name = \(name)") == 1
    }

    /// All orders that stand, by name.
    package func drains() throws -> [NodeDrain] {
        try sql.rows("SELECT name, node_id, transfers FROM node_drains ORDER BY name").map { row in
            NodeDrain(
                name: row.text(0), node: row.optionalText(1).map(NodeID.init(rawValue:)),
                transfers: row.optionalInteger(2).map { Int($0) })
        }
    }

    /// Whether the nodes of a name are to drain.
    package func isDrainOrdered(of name: String) throws -> Bool {
        try !sql.rows("SELECT 1 FROM node_drains WHERE name = \(name)").isEmpty
    }

    /// Says how many transfers a node still has. Nothing happens when the order was taken back meanwhile.
    package func reportDrain(of name: String, by node: NodeID, transfers: Int) throws {
        try sql.run(
            """
            UPDATE node_drains SET node_id = \(node), transfers = \(Int64(transfers)), reported_at = \(dialect.now)
            WHERE name = \(name)
            """)
    }
}
