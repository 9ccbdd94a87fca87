// SPDX-License-Identifier: Apache-2.0

import CMariaDB
import Glibc

extension MariaDBSession {
    /// Opens a connection; what it is good for is asked by ``prepareSession(_:_:)``.
    static func connect(
        _ server: DatabaseServer, _ host: DatabaseServer.Host, _ lane: SQLLane, _ options: DatabaseServerOptions
    ) throws(SQLError) -> UnsafeMutablePointer<MYSQL> {
        guard let handle = mysql_init(nil) else { throw .overloaded("no memory for a connection") }
        set(handle, MYSQL_OPT_CONNECT_TIMEOUT, UInt32(options.connectTimeout.wholeSeconds))
        let silence = UInt32(options.transactionLimit(of: lane).wholeSeconds + 2)
        set(handle, MYSQL_OPT_READ_TIMEOUT, silence)
        set(handle, MYSQL_OPT_WRITE_TIMEOUT, silence)
        // Without it the name localhost means a Unix socket.
        set(handle, MYSQL_OPT_PROTOCOL, MYSQL_PROTOCOL_TCP.rawValue)
        mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        encrypt(handle, server)
        /// Several statements in one call; only texts of this driver are sent so, never values.
        let multiStatements: UInt = 1 << 16
        let connected = mysql_real_connect(
            handle, host.name, server.user, server.password, server.database, UInt32(host.port), nil, multiStatements)
        guard connected != nil else {
            let (code, text) = (mysql_errno(handle), String(cString: mysql_error(handle)))
            mysql_close(handle)
            let error = SQLError.mariaDB(code, text)
            if case .overloaded = error { throw error }
            throw .unreachable(error.cause)
        }
        watch(Int32(truncatingIfNeeded: mysql_get_socket(handle)), silence: options.connectTimeout)
        return handle
    }

    /// Lets the kernel notice a host that is gone, as libpq does for PostgreSQL.
    private static func watch(_ socket: Int32, silence: Duration) {
        for (option, value) in [
            (TCP_KEEPIDLE, 10), (TCP_KEEPINTVL, 3), (TCP_KEEPCNT, 3),
            (TCP_USER_TIMEOUT, Int32(max(silence.wholeMilliseconds, 5_000))),
        ] {
            var value = value
            setsockopt(socket, Int32(IPPROTO_TCP), option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private static func encrypt(_ handle: UnsafeMutablePointer<MYSQL>, _ server: DatabaseServer) {
        switch server.encryption {
        case .disable, .prefer: break
        case .require:
            set(handle, MYSQL_OPT_SSL_ENFORCE, my_bool(1))
        case .verifyFull:
            set(handle, MYSQL_OPT_SSL_ENFORCE, my_bool(1))
            set(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, my_bool(1))
            mysql_options(handle, MYSQL_OPT_SSL_CA, server.authorities ?? "/etc/ssl/certs/ca-certificates.crt")
        }
    }

    private static func set<Value>(_ handle: UnsafeMutablePointer<MYSQL>, _ option: mysql_option, _ value: Value) {
        withUnsafePointer(to: value) { _ = mysql_options(handle, option, $0) }
    }

    /// Makes the session what the driver relies on, and refuses a host that cannot serve.
    ///
    /// - Returns: Whether the host is a node of a Galera cluster.
    func prepareSession(_ lane: SQLLane, _ options: DatabaseServerOptions) throws(SQLError) -> Bool {
        let limit = options.transactionLimit(of: lane).wholeSeconds
        try execute(
            """
            SET SESSION autocommit = 0, tx_isolation = 'REPEATABLE-READ', time_zone = '+00:00', \
            sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT,ANSI_QUOTES,NO_BACKSLASH_ESCAPES', \
            collation_connection = utf8mb4_bin, foreign_key_checks = 1, max_statement_time = \(limit), \
            idle_transaction_timeout = \(limit), innodb_lock_wait_timeout = \(options.lockTimeout.wholeSeconds), \
            lock_wait_timeout = \(options.lockTimeout.wholeSeconds)
            """)
        let names = "'read_only', 'wsrep_on', 'max_allowed_packet'"
        let variables = try words("SHOW GLOBAL VARIABLES WHERE Variable_name IN (\(names))")
        if variables["read_only"] == "ON" { throw .unreachable("the server takes no writes: read_only is on") }
        // A manifest has up to 4 MiB.
        if let packet = variables["max_allowed_packet"].flatMap({ Int64($0) }), packet < 8 << 20 {
            throw .unreachable("max_allowed_packet is \(packet); set it to at least 8388608")
        }
        guard variables["wsrep_on"] == "ON" else { return false }
        let status = try words("SHOW GLOBAL STATUS WHERE Variable_name = 'wsrep_ready'")
        guard status["wsrep_ready"] == "ON" else {
            throw .unreachable("the node is not part of its Galera cluster now")
        }
        return true
    }

    /// The rows of a statement with two columns of text.
    private func words(_ text: String) throws(SQLError) -> [String: String] {
        try send(text)
        guard let result = mysql_store_result(handle) else { throw failed(text) }
        defer { mysql_free_result(result) }
        var words: [String: String] = [:]
        while let row = mysql_fetch_row(result) {
            guard let name = row[0], let value = row[1] else { continue }
            words[String(cString: name)] = String(cString: value)
        }
        return words
    }
}
