// SPDX-License-Identifier: Apache-2.0

import SQLStorage

/// Whether the scanner's database lets us in and answers. The registry needs it for nothing, so it is no fault.
enum ScannerCheck {
    static func findings(_ settings: ScannerSettings) async -> [Finding] {
        guard let server = settings.database else { return [] }
        var options = DatabaseServerOptions()
        options.connections = [.administration: 1]
        options.connectTimeout = .seconds(5)
        let database = PostgreSQLDatabase(server, options: options)
        let finding = await finding(database, at: server)
        await database.close()
        return [finding]
    }

    private static func finding(_ database: PostgreSQLDatabase, at server: DatabaseServer) async -> Finding {
        do {
            // A transaction without a statement logs in, begins and ends.
            try await database.read(.administration) { _ in }
            return Finding(.good, "scanner", "\(server) lets us in and answers")
        } catch {
            let reason = (error as? SQLError)?.cause ?? "\(error)"
            return Finding(
                .warning, "scanner", "\(server) cannot be used: \(reason); the registry needs it for nothing",
                key: "clair_db_host")
        }
    }
}
