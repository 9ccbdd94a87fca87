// SPDX-License-Identifier: Apache-2.0

import SQLStorage

extension Migration {
    /// The orders of operators to nodes to take nothing new, and how far they are with it.
    ///
    /// The previous release lives beside it: it neither reads nor writes this table, and its rows of `nodes` stay as they are.
    static let nodeDrains = Migration(3, "drains of nodes") { dialect in
        [
            """
            \(dialect.createTable) node_drains (
                name \(dialect.unicodeKeyType(255)) NOT NULL PRIMARY KEY,
                ordered_at \(dialect.integerType) NOT NULL,
                node_id \(dialect.keyType(32)),
                transfers \(dialect.integerType),
                reported_at \(dialect.integerType)
            )\(dialect.tableOptions(clustered: true))
            """
        ]
    }
}
