// SPDX-License-Identifier: Apache-2.0

import SQLStorage

extension Migration {
    /// What several nodes over one database need to know of each other, and secrets that all of them use.
    ///
    /// The previous release lives beside it: it neither reads nor writes these tables.
    static let nodes = Migration(2, "nodes and shared secrets") { dialect in
        [
            """
            \(dialect.createTable) nodes (
                id \(dialect.keyType(32)) NOT NULL PRIMARY KEY,
                name \(dialect.unicodeKeyType(255)) NOT NULL,
                version \(dialect.keyType(64)) NOT NULL,
                address \(dialect.unicodeKeyType(255)) NOT NULL,
                schema_number \(dialect.integerType) NOT NULL,
                state \(dialect.keyType(64)) NOT NULL,
                started_at \(dialect.integerType) NOT NULL,
                beat_at \(dialect.integerType) NOT NULL,
                clock_skew \(dialect.integerType) NOT NULL
            )\(dialect.tableOptions(clustered: true))
            """,
            """
            \(dialect.createTable) secrets (
                name \(dialect.keyType(64)) NOT NULL PRIMARY KEY,
                sealed \(dialect.bytesType) NOT NULL,
                created_at \(dialect.integerType) NOT NULL,
                version \(dialect.integerType) NOT NULL
            )\(dialect.tableOptions(clustered: true))
            """,
        ]
    }
}
