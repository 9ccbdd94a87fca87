// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL

extension PostgreSQLSession {
    /// Opens a connection to a host that takes writes.
    ///
    /// - Throws: ``SQLError/unreachable(_:)`` when it cannot be reached, refuses the account, or is a stand-by;
    ///   ``SQLError/overloaded(_:)`` when it has no connection left.
    static func connect(
        _ server: DatabaseServer, _ host: DatabaseServer.Host, _ lane: SQLLane, _ options: DatabaseServerOptions
    ) throws(SQLError) -> OpaquePointer {
        let parameters = parameters(server, host, lane, options)
        guard let connection = open(parameters) else { throw .overloaded("no memory for a connection") }
        guard PQstatus(connection) == CONNECTION_OK else {
            let cause = message(of: connection)
            PQfinish(connection)
            // The library tells no SQLSTATE here; these are what its text has for too many connections.
            let isFull = cause.contains("too many") || cause.contains("remaining connection slots")
            throw isFull ? .overloaded(cause) : .unreachable(cause)
        }
        return connection
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
