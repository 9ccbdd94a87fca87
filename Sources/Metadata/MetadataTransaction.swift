// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// A transaction in Haven's words. Each family of tables adds its statements as an extension in its own file.
///
/// It must not leave the body it was given to.
package struct MetadataTransaction {
    /// The transaction of the database, for the statements of this room.
    package let sql: any SQLTransaction
    /// The row of ``ProjectUsage`` that this node charges; other nodes use others, so that pushes do not wait for one.
    let slot: Int64

    /// The dialect to write statements for.
    package var dialect: SQLDialect { sql.dialect }

    package init(sql: any SQLTransaction, slot: Int64 = 0) {
        self.sql = sql
        self.slot = slot
    }

    /// The database's clock in microseconds since 1970 (UTC).
    package func now() throws -> Int64 {
        try sql.rows("SELECT \(dialect.now)")[0].integer(0)
    }
}
