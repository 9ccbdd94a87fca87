// SPDX-License-Identifier: Apache-2.0

import Metadata
import SQLStorage

/// The database server: whether it answers, which schema it has, and what it promises.
enum DatabaseCheck {
    /// Nothing for the embedded database, whose place is looked at instead.
    static func findings(_ settings: Settings) async -> [Finding] {
        guard let server = settings.database.server, let database = try? HavenNode.openDatabase(settings) else {
            return []
        }
        let findings = await findings(database, at: server)
        await database.close()
        return findings
    }

    private static func findings(_ database: any SQLDatabase, at server: DatabaseServer) async -> [Finding] {
        do {
            let status = try await status(database)
            let before = wallClock()
            let (weaknesses, clock, refusal) = try await database.read(.administration) { transaction in
                let transaction = MetadataTransaction(sql: transaction)
                return (try transaction.durability(), try transaction.clock(), try transaction.refusalOfWrites())
            }
            let writes = refusal.map { Finding(.fault, "database", "\(server): \($0)", key: "db_host") }
            return [
                writes ?? Finding(.good, "database", "\(server) answers and takes writes"), schema(status),
                skew(clock - (before + wallClock()) / 2),
            ] + weaknesses.map(finding)
        } catch {
            return [DatabaseBlame(words(for: error)).finding(server)]
        }
    }

    private static func status(_ database: any SQLDatabase) async throws -> [Migrator.Status] {
        try await SchemaCheck.explaining {
            let migrator = Migrator(database)
            let status = try await migrator.status()
            if status.allSatisfy({ $0.appliedAt == nil }) { try await migrator.refuseForeignTables() }
            return status
        }
    }

    /// - Parameter microseconds: How far the database's clock is ahead of this machine's.
    static func skew(_ microseconds: Int64) -> Finding {
        let text =
            "the clock of this machine is \(abs(microseconds) / 1_000) ms "
            + (microseconds > 0 ? "behind" : "ahead of") + " the database's"
        if abs(microseconds) > 30_000_000 {
            return Finding(.fault, "clock", text + "; tokens are refused from a minute on: set the clocks by NTP")
        }
        return Finding(abs(microseconds) > 2_000_000 ? .warning : .good, "clock", text)
    }

    private static func schema(_ status: [Migrator.Status]) -> Finding {
        let missing = status.filter { $0.appliedAt == nil }.count
        if missing == 0 { return Finding(.good, "schema", "it is the one of this version") }
        if missing == status.count {
            return Finding(.good, "schema", "the database is empty; the first start fills it")
        }
        return Finding(.fault, "schema", "it is of an older version; run haven db migrate")
    }

    private static func finding(_ weakness: DurabilityWeakness) -> Finding {
        Finding(weakness.isLosing ? .fault : .warning, "database", weakness.text)
    }

    private static func words(for error: any Error) -> String {
        if let error = error as? SQLError { return error.cause }
        return "\(error)"
    }
}

/// Which setting a database's refusal is about, and what helps where its own words do not say it.
struct DatabaseBlame {
    private static let signs: [(key: String, remedy: String, words: [String])] = [
        (
            "db_type", "it is another kind of server than db_type says, or it hangs",
            ["invalid response to ssl negotiation", "initial communication packet"]
        ),
        (
            "db_host", "name the primary, or set default_transaction_read_only = off there",
            ["session is read-only"]
        ),
        ("db_password", "", ["password authentication failed", "access denied for user", "no password supplied"]),
        ("db_name", "", ["database \"", "unknown database", "by db_name", "(migration "]),
        ("db_sslmode", "", ["ssl", "certificate", "tls"]),
        ("db_user", "", ["role \""]),
    ]

    private let words: String

    init(_ words: String) {
        self.words = words
    }

    /// With the server's address for a key where the words tell nothing else.
    func finding(_ server: DatabaseServer) -> Finding {
        let sign = Self.signs.first { $0.words.contains(where: words.lowercased().contains) }
        let remedy = sign.map { $0.remedy.isEmpty ? "" : "; \($0.remedy)" } ?? ""
        return Finding(.fault, "database", "\(server): \(words)\(remedy)", key: sign?.key ?? "db_host")
    }
}
