// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// A setting of a database server with which it promises less than an acknowledged push does.
package struct DurabilityWeakness: Sendable, Hashable {
    /// Whether a crash of the server's machine may lose acknowledged writes; otherwise only a failover or worse may.
    package let isLosing: Bool
    /// What it is and what to set, for an operator.
    package let text: String
}

extension MetadataTransaction {
    /// What the database's settings take away from "acknowledged is durable"; nothing for SQLite, which this program sets.
    package func durability() throws -> [DurabilityWeakness] {
        switch dialect {
        case .sqlite: []
        case .postgresql: try postgreSQLDurability()
        case .mariadb: try mariaDBDurability()
        }
    }

    /// The database's clock, in microseconds since 1970.
    package func clock() throws -> Int64 {
        try sql.rows("SELECT \(dialect.now)")[0].integer(0)
    }

    /// Why the database takes no writes, or no new tables; nil when it does, as far as it says so itself.
    package func refusalOfWrites() throws -> String? {
        switch dialect {
        case .sqlite: return nil
        case .postgresql:
            let row = try sql.rows(
                """
                SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END,
                    CASE WHEN current_setting('default_transaction_read_only') = 'on' THEN 1 ELSE 0 END,
                    CASE WHEN has_schema_privilege(current_schema(), 'CREATE') THEN 1 ELSE 0 END
                """)[0]
            if row.integer(0) == 1 { return "it is a stand-by and takes no writes; name the primary in db_host" }
            if row.integer(1) == 1 { return "it is read-only; set default_transaction_read_only = off at the server" }
            if row.integer(2) == 0 { return "the account of db_user may make no tables; GRANT CREATE ON SCHEMA public" }
            return nil
        case .mariadb:
            let isReadOnly = try sql.rows("SELECT @@global.read_only")[0].integer(0) == 1
            return isReadOnly
                ? "it is read-only; name the primary in db_host, or set read_only = OFF at the server" : nil
        }
    }

    private func postgreSQLDurability() throws -> [DurabilityWeakness] {
        let row = try sql.rows(
            """
            SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
                current_setting('synchronous_standby_names'), (SELECT COUNT(*) FROM pg_stat_replication)
            """)[0]
        var found: [DurabilityWeakness] = []
        func add(_ isLosing: Bool, _ text: String) { found.append(DurabilityWeakness(isLosing: isLosing, text: text)) }
        if row.text(0) == "off" { add(true, "fsync is off: a crash loses or damages the database; set fsync = on") }
        if row.text(1) == "off" {
            add(true, "full_page_writes is off: a crash may damage the database; set full_page_writes = on")
        }
        if row.text(2) == "off" {
            add(true, "synchronous_commit is off: a crash loses the last pushes; set synchronous_commit = on")
        }
        if row.text(3).isEmpty {
            add(
                false,
                row.integer(4) > 0
                    ? "no stand-by is synchronous: a failover may lose the last pushes; set synchronous_standby_names"
                    : "there is no synchronous stand-by: pushes survive a crash of the database server, not its loss")
        } else if ["local", "remote_write"].contains(row.text(2)) {
            add(
                false,
                "synchronous_commit = \(row.text(2)): a failover may lose the last pushes; set synchronous_commit = on")
        }
        return found
    }

    private func mariaDBDurability() throws -> [DurabilityWeakness] {
        let rows = try sql.rows(
            """
            SELECT LOWER(variable_name), variable_value FROM information_schema.global_variables WHERE variable_name IN
                ('INNODB_FLUSH_LOG_AT_TRX_COMMIT', 'BINLOG_FORMAT', 'LOG_BIN', 'WSREP_ON', 'INNODB_DOUBLEWRITE')
            """)
        let values = Dictionary(rows.map { ($0.text(0), $0.text(1)) }) { first, _ in first }
        let isGalera = values["wsrep_on"] == "ON"
        var found: [DurabilityWeakness] = []
        func add(_ isLosing: Bool, _ text: String) { found.append(DurabilityWeakness(isLosing: isLosing, text: text)) }
        if values["innodb_flush_log_at_trx_commit"] != "1" {
            add(
                !isGalera,
                isGalera
                    ? "innodb_flush_log_at_trx_commit is not 1: pushes are lost when all nodes lose power at once"
                    : "innodb_flush_log_at_trx_commit is not 1: a crash loses the last pushes; set it to 1")
        }
        if values["innodb_doublewrite"] == "OFF" {
            add(true, "innodb_doublewrite is off: a crash may damage the database; set it to ON")
        }
        if isGalera || values["log_bin"] == "ON", values["binlog_format"] != "ROW" {
            add(isGalera, "binlog_format is not ROW: replicas may come to differ; set binlog_format = ROW")
        }
        if !isGalera {
            add(false, "this is a single server: pushes survive its crash, and not the loss of its disk")
        }
        for table in try unsafeTables() {
            add(true, "the table \(table) is not InnoDB or has no primary key; load the schema of haven db schema")
        }
        return found
    }

    private func unsafeTables() throws -> [String] {
        try sql.rows(
            """
            SELECT t.table_name FROM information_schema.tables t
            WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND (t.engine <> 'InnoDB'
                OR NOT EXISTS (SELECT 1 FROM information_schema.table_constraints c WHERE c.table_schema = t.table_schema
                    AND c.table_name = t.table_name AND c.constraint_type = 'PRIMARY KEY'))
            ORDER BY t.table_name
            """
        ).map { $0.text(0) }
    }
}
