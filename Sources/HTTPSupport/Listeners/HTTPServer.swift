// SPDX-License-Identifier: Apache-2.0
import Glibc
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle

/// Listens, serves, drains and ends: all listeners of the process in one service.
///
/// On graceful shutdown `/healthz` says 404 for `drainDelay` while everything is still served; then the listeners
/// close, idle connections end, running transfers get `drainTimeout` to finish, and what is left is cut.
package final class HTTPServer: Service {
    package struct Configuration: Sendable {
        package var listeners: [ListenerConfiguration]
        package var limits = ConnectionLimits()
        package var trustedProxies = TrustedProxies.none
        /// How long balancers get to notice before the listeners close.
        package var drainDelay = Duration.zero
        /// How long running transfers get to finish after that.
        package var drainTimeout = Duration.seconds(60)

        package init(listeners: [ListenerConfiguration]) {
            self.listeners = listeners
        }
    }

    private let configuration: Configuration
    private let health: HealthState
    private let connections: ConnectionRegister
    private let group: any EventLoopGroup
    private let logger: Logger
    private let onListening: @Sendable ([BoundListener]) async -> Void

    /// A listener that accepts connections.
    package struct BoundListener: Sendable {
        package let configuration: ListenerConfiguration
        /// The port it really has; nil for a Unix socket.
        package let port: Int?
        let channel: any Channel
    }

    /// - Parameter onListening: Called once, when all listeners accept connections.
    package init(
        _ configuration: Configuration, health: HealthState, metrics: MetricsRegistry,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger,
        onListening: @escaping @Sendable ([BoundListener]) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.health = health
        self.group = group
        self.logger = logger
        self.onListening = onListening
        connections = ConnectionRegister(limit: configuration.limits.connections)
        metrics.gauge("haven_http_connections", "Open connections.") { [connections] in Double(connections.count) }
        Allocator.tune()
    }

    package func run() async throws {
        let listeners = try await bindAll()
        for listener in listeners {
            logger.notice("listening", metadata: ["address": "\(listener.configuration.address)"])
        }
        await onListening(listeners)
        try? await gracefulShutdown()
        await end(listeners)
    }

    private func bindAll() async throws -> [BoundListener] {
        var bound: [BoundListener] = []
        do {
            for listener in configuration.listeners {
                if let opened = try await bindIfPossible(listener) { bound.append(opened) }
            }
            guard !bound.isEmpty else { throw ListenFault.nothing }
        } catch {
            await close(bound)
            throw error
        }
        return bound
    }

    /// The opened listener; nil when it is an optional one that cannot be opened.
    private func bindIfPossible(_ listener: ListenerConfiguration) async throws -> BoundListener? {
        do {
            return try await bind(listener)
        } catch  where listener.isOptional {
            logger.warning("not listening", metadata: ["address": "\(listener.address)", "error": "\(error)"])
            return nil
        }
    }

    private func bind(_ listener: ListenerConfiguration) async throws -> BoundListener {
        let assembly = ConnectionAssembly(
            listener: listener,
            service: ConnectionService(
                responder: listener.role.responder, limits: configuration.limits,
                proxies: configuration.trustedProxies, connections: connections, health: health))
        let connections = connections
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 1)  // the limit is looked at before each connection
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptGate(connections: connections))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 128 * 1024, high: 256 * 1024))
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 32 * 1024, maximum: 128 * 1024)
            )
            .childChannelInitializer { assembly.initialize($0) }
        do {
            let channel = try await bootstrap.bind(to: listener.address)
            return BoundListener(configuration: listener, port: channel.localAddress?.port, channel: channel)
        } catch {
            throw ListenFault.address(listener.address, cause: "\(error)")
        }
    }

    private func end(_ listeners: [BoundListener]) async {
        health.beginDraining()
        logger.notice("draining", metadata: ["connections": "\(connections.count)"])
        try? await Task.sleep(for: configuration.drainDelay)  // a cancelled sleep means: at once
        await close(listeners)
        connections.beginDraining()
        let wasQuiet = await connections.endAll(within: configuration.drainTimeout)
        logger.notice(wasQuiet ? "drained" : "drained, with transfers cut")
    }

    private func close(_ listeners: [BoundListener]) async {
        for listener in listeners {
            try? await listener.channel.close()
            if case .unix(let path) = listener.configuration.address { UnixSocketFile.remove(path) }
        }
    }
}

/// A listener could not be opened.
package enum ListenFault: Error, CustomStringConvertible {
    case address(ListenerConfiguration.Address, cause: String)
    /// All listeners were optional, and none could be opened.
    case nothing

    package var description: String {
        switch self {
        case .address(let address, let cause): "cannot listen on \(address): \(cause)"
        case .nothing: "there is no address to listen on"
        }
    }
}

extension ServerBootstrap {
    fileprivate func bind(to address: ListenerConfiguration.Address) async throws -> any Channel {
        switch address {
        case .tcp(let host, let port):
            // Without this, `::` takes the IPv4 addresses too, and `0.0.0.0` beside it is refused.
            let bootstrap =
                host.contains(":")
                ? serverChannelOption(ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
                : self
            // By its number: a resolver refuses `::` where no interface has an IPv6 address yet.
            return try await bootstrap.bind(to: SocketAddress(ipAddress: host, port: port)).get()
        case .unix(let path):
            try UnixSocketFile.clear(path)
            return try await bind(unixDomainSocketPath: path).get()
        }
    }
}
