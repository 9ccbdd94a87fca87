// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// A server on free loopback ports with the routes of one test.
struct TestServer: Sendable {
    let ports: [Int]
    let health: HealthState
    let metrics: MetricsRegistry
    let service: HTTPServer
    let shutDown: @Sendable () async -> Void

    var port: Int { ports[0] }
}

/// Runs a server while `body` runs, and ends it gracefully afterwards.
func withServer<T: Sendable>(
    _ routes: RouteTable, limits: ConnectionLimits = ConnectionLimits(),
    proxies: TrustedProxies = .none, proxyProtocol: Bool = false, certificates: TLSCertificates? = nil,
    address: ListenerConfiguration.Address = .tcp(host: "127.0.0.1", port: 0), drainDelay: Duration = .zero,
    drainTimeout: Duration = .seconds(10), logger: Logger = quietLogger,
    _ body: @escaping @Sendable (TestServer) async throws -> T
) async throws -> T {
    let metrics = MetricsRegistry()
    let health = HealthState()
    let responder = RequestResponder(
        routes: routes, logger: logger,
        log: { fields in
            let pairs = fields.map { ($0.key, Logger.MetadataValue.string($0.value)) }
            logger.info("request", metadata: Dictionary(uniqueKeysWithValues: pairs))
        },
        metrics: metrics)
    var listeners = [ListenerConfiguration(address, .plain(responder), speaksProxyProtocol: proxyProtocol)]
    if let certificates {
        listeners.append(
            ListenerConfiguration(address, .secure(responder, certificates), speaksProxyProtocol: proxyProtocol))
    }
    var configuration = HTTPServer.Configuration(listeners: listeners)
    configuration.limits = limits
    configuration.trustedProxies = proxies
    configuration.drainDelay = drainDelay
    configuration.drainTimeout = drainTimeout
    let (ports, continuation) = AsyncStream.makeStream(of: [Int].self)
    let server = HTTPServer(configuration, health: health, metrics: metrics, logger: logger) { bound in
        continuation.yield(bound.map { $0.port ?? 0 })
    }
    let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { continuation.finish() }
            try await group.run()
        }
        var iterator = ports.makeAsyncIterator()
        guard let ports = await iterator.next() else {
            try await tasks.waitForAll()  // throws why it did not start
            throw TimedOut(what: "the server to listen")
        }
        let result: T
        do {
            result = try await body(
                TestServer(ports: ports, health: health, metrics: metrics, service: server) {
                    await group.triggerGracefulShutdown()
                })
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
    }
}

/// Says nothing.
let quietLogger: Logger = {
    var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    logger.logLevel = .info
    return logger
}()
