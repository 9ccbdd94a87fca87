// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL
import Glibc

extension PostgreSQLSession {
    /// Opens a connection to a host that takes writes.
    ///
    /// - Returns: The timeline is 0 where there is no other host to compare it with.
    /// - Throws: ``SQLError/unreachable(_:)`` when it cannot be reached, refuses the account, or is a stand-by;
    ///   ``SQLError/overloaded(_:)`` when it has no connection left.
    static func connect(
        _ server: DatabaseServer, _ host: DatabaseServer.Host, _ lane: SQLLane, _ options: DatabaseServerOptions
    ) throws(SQLError) -> (connection: OpaquePointer, timeline: Int) {
        let parameters = parameters(server, host, lane, options)
        guard let connection = open(parameters) else { throw .overloaded("no memory for a connection") }
        guard PQstatus(connection) == CONNECTION_OK else {
            let cause = message(of: connection)
            PQfinish(connection)
            // The library tells no SQLSTATE here; these are what its text has for too many connections.
            let isFull = cause.contains("too many") || cause.contains("remaining connection slots")
            throw isFull ? .overloaded(cause) : .unreachable(cause)
        }
        guard server.hosts.count > 1 else { return (connection, 0) }
        guard let timeline = timeline(of: connection, within: options.connectTimeout) else {
            PQfinish(connection)
            throw .unreachable("the host does not answer")
        }
        return (connection, timeline)
    }

    /// The timeline that the host writes on ("Timelines" in PostgreSQL's documentation), which is the beginning of the names
    /// of its log files.
    ///
    /// - Returns: 0 from a service that does not tell; nil when the host does not answer in time.
    private static func timeline(of connection: OpaquePointer, within limit: Duration) -> Int? {
        guard PQsendQuery(connection, "SELECT pg_walfile_name(pg_current_wal_lsn())") == 1 else { return nil }
        let end = ContinuousClock.now + limit
        while PQisBusy(connection) == 1 {
            var waiting = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
            let left = max((end - .now).wholeMilliseconds, 0)
            guard poll(&waiting, 1, Int32(left)) == 1, PQconsumeInput(connection) == 1 else { return nil }
        }
        var timeline = 0
        while let result = PQgetResult(connection) {
            if PQresultStatus(result) == PGRES_TUPLES_OK, let name = PQgetvalue(result, 0, 0) {
                timeline = Int(String(cString: name).prefix(8), radix: 16) ?? 0
            }
            PQclear(result)
        }
        return timeline
    }

    private static func parameters(
        _ server: DatabaseServer, _ host: DatabaseServer.Host, _ lane: SQLLane, _ options: DatabaseServerOptions
    ) -> [(String, String)] {
        let limit = options.transactionLimit(of: lane).wholeMilliseconds
        let silence = options.connectTimeout.wholeMilliseconds
        var parameters = [
            ("host", host.name), ("port", "\(host.port)"), ("user", server.user), ("dbname", server.database),
            ("application_name", "haven"), ("client_encoding", "UTF8"), ("target_session_attrs", "read-write"),
            // The library takes 1 as 2.
            ("connect_timeout", "\(max(options.connectTimeout.wholeSeconds, 2))"),
            ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "3"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "\(max(silence, 5_000))"),
            (
                "options",
                "-c statement_timeout=\(limit) -c idle_in_transaction_session_timeout=\(limit) "
                    + "-c lock_timeout=\(options.lockTimeout.wholeMilliseconds) "
                    + "-c default_transaction_isolation=read\\ committed -c TimeZone=UTC"
            ),
        ]
        if let password = server.password { parameters.append(("password", password)) }
        switch server.encryption {
        case .disable: parameters.append(("sslmode", "disable"))
        case .prefer: parameters.append(("sslmode", "prefer"))
        case .require: parameters.append(("sslmode", "require"))
        case .verifyFull:
            parameters.append(("sslmode", "verify-full"))
            parameters.append(("sslrootcert", server.authorities ?? "/etc/ssl/certs/ca-certificates.crt"))
        }
        return parameters
    }

    private static func open(_ parameters: [(String, String)]) -> OpaquePointer? {
        let keys = CStringList(parameters.map(\.0))
        let values = CStringList(parameters.map(\.1))
        return PQconnectdbParams(keys.pointers, values.pointers, 0)
    }

    static func message(of connection: OpaquePointer) -> String {
        var text = String(cString: PQerrorMessage(connection))
        while text.last?.isWhitespace == true { text.removeLast() }
        return text.isEmpty ? "the connection was lost" : text
    }
}

/// C strings with a null pointer at the end, freed with the list.
private final class CStringList {
    let pointers: [UnsafePointer<CChar>?]
    private let owned: [UnsafeMutablePointer<CChar>]

    init(_ texts: [String]) {
        owned = texts.map { text in
            let bytes = Array(text.utf8CString)
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            copy.initialize(from: bytes, count: bytes.count)
            return copy
        }
        pointers = owned.map { UnsafePointer($0) } + [nil]
    }

    deinit {
        for pointer in owned { pointer.deallocate() }
    }
}
