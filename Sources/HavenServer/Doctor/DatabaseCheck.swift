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
            let status = try await SchemaCheck.explaining { try await Migrator(database).status() }
            let weaknesses = try await database.read(.administration) { transaction in
                try MetadataTransaction(sql: transaction).durability()
            }
            return [Finding(.good, "database", "\(server) answers"), schema(status)] + weaknesses.map(finding)
        } catch {
            return [Finding(.fault, "database", "\(server): \(words(for: error))")]
        }
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
