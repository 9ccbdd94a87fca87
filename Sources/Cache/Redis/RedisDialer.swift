// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import NIOSSL

/// Makes connections to the Redis that a configuration names, ready for commands.
struct RedisDialer: Sendable {
    let configuration: RedisConfiguration
    var limits = RedisLimits()
    private let tls: NIOSSLContext?

    /// - Throws: What the TLS library says of a file of authorities that it cannot use.
    init(_ configuration: RedisConfiguration) throws {
        self.configuration = configuration
        var settings = TLSConfiguration.makeClientConfiguration()
        switch configuration.encryption {
        case .none:
            tls = nil
            return
        case .systemAuthorities: break
        case .authorities(let file): settings.trustRoots = .file(file)
        }
        tls = try NIOSSLContext(configuration: settings)
    }

    /// A connection to the server that takes writes: it let us in, and answered.
    ///
    /// Every step has the configured limit. With sentinels, each is asked until one names a server that says of itself that
    /// it is the primary: right after a failover some still name the old one.
    ///
    /// - Parameter onMessage: Takes what a subscription on this connection pushes.
    func connect(onMessage: (@Sendable (RedisReply) -> Void)? = nil) async throws(RedisFault) -> RedisConnection {
        switch configuration.place {
        case .server(let address):
            return try await open(address, isChecked: false, onMessage)
        case .sentinels(let sentinels, let master):
            var last = RedisFault.connection("there are no sentinels")
            for sentinel in sentinels {
                do throws(RedisFault) {
                    return try await open(try await primary(master, by: sentinel), isChecked: true, onMessage)
                } catch {
                    last = error
                }
            }
            throw last
        }
    }

    /// Asks one sentinel where the primary is.
    private func primary(
        _ master: String, by sentinel: RedisConfiguration.Address
    ) async throws(RedisFault) -> RedisConfiguration.Address {
        let connection = try await dial(sentinel, nil)
        defer { connection.end(.connection("done")) }
        if let login = configuration.sentinelLogin.command { try await expectOK(login, connection) }
        let reply = try await ask(RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", master), connection)
        if reply == .null { throw .refused("the sentinel at \(sentinel) knows no primary named '\(master)'") }
        guard case .array(let parts) = reply, parts.count == 2, let host = parts[0].text,
            let port = parts[1].text.flatMap({ Int($0) }), (1...65_535).contains(port)
        else { throw .malformed("a sentinel named no address") }
        return RedisConfiguration.Address(host: host, port: port)
    }

    /// - Parameter isChecked: Whether the server is asked for its role: a stale address may lead to a replica.
    private func open(
        _ address: RedisConfiguration.Address, isChecked: Bool, _ onMessage: (@Sendable (RedisReply) -> Void)?
    ) async throws(RedisFault) -> RedisConnection {
        let connection = try await dial(address, onMessage)
        do throws(RedisFault) {
            if let login = configuration.login.command { try await expectOK(login, connection) }
            if configuration.database != 0 {
                try await expectOK(RedisCommand("SELECT", "\(configuration.database)"), connection)
            }
            if isChecked { try await expectPrimary(connection) }
            _ = try await ask(RedisCommand("PING"), connection)
            return connection
        } catch {
            connection.end(error)
            throw error
        }
    }

    /// A user whose access list forbids the question is let through: a replica's first refusal of a write says it too.
    private func expectPrimary(_ connection: RedisConnection) async throws(RedisFault) {
        let reply = try await connection.call(RedisCommand("ROLE"), within: configuration.dialTimeout)
        guard case .array(let parts) = reply, let role = parts.first?.text else { return }
        if role != "master" { throw .notPrimary("the server that the sentinels name is a \(role)") }
    }

    private func expectOK(_ command: RedisCommand, _ connection: RedisConnection) async throws(RedisFault) {
        let reply = try await ask(command, connection)
        guard reply.isOK else { throw .malformed("no OK to a \(RedisCommand.name(command))") }
    }

    /// The reply, which is no error.
    private func ask(_ command: RedisCommand, _ connection: RedisConnection) async throws(RedisFault) -> RedisReply {
        let reply = try await connection.call(command, within: configuration.dialTimeout)
        if case .error(let text) = reply { throw RedisFault(errorReply: text) }
        return reply
    }

    private func dial(
        _ address: RedisConfiguration.Address, _ onMessage: (@Sendable (RedisReply) -> Void)?
    ) async throws(RedisFault) -> RedisConnection {
        let (tls, limits) = (tls, limits)
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(TimeAmount(configuration.dialTimeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        do {
            return try await bootstrap.connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(Self.client(tls, address)) }
                    let handler = try RedisCallHandler(
                        limits: limits, onMessage: onMessage, eventLoop: channel.eventLoop)
                    try pipeline.addHandler(handler)
                    return RedisConnection(channel: channel, handler: handler)
                }
            }
        } catch {
            throw error as? RedisFault ?? .connection("\(address) cannot be reached: \(error)")
        }
    }

    /// An IP address is compared with the certificate as well, but may not be sent as the name that is asked for.
    private static func client(
        _ tls: NIOSSLContext, _ address: RedisConfiguration.Address
    ) throws -> NIOSSLClientHandler {
        let isNumeric = (try? SocketAddress(ipAddress: address.host, port: address.port)) != nil
        return try NIOSSLClientHandler(context: tls, serverHostname: isNumeric ? nil : address.host)
    }
}

extension RedisCommand {
    /// The command's name, for messages: arguments may be secret.
    fileprivate static func name(_ command: RedisCommand) -> String {
        command.words.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension RedisFault {
    /// What an error reply means for the connection.
    init(errorReply text: String) {
        switch text.prefix(while: { $0 != " " }) {
        case "READONLY", "LOADING", "MASTERDOWN", "NOREPLICAS": self = .notPrimary(text)
        default: self = .refused(text)
        }
    }
}
