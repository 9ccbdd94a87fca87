// SPDX-License-Identifier: Apache-2.0
import Access
package import HTTPSupport
import HTTPTypes
import HarborAPI
import HummingbirdCore
import Logging
import NIOCore
import Registry
import RegistryAPI
import ServiceLifecycle

/// What the world sees of a node: routes, listeners, and the services around them.
package struct Front {
    /// In the order they start; they stop in reverse.
    let services: [any Service]

    init(_ node: HavenNode, log: LogSetup) throws {
        let logger = log.logger
        let settings = node.settings
        let health = HealthState()
        let metrics = MetricsRegistry()
        NodeMetrics.declare(node, in: metrics)
        let responder = RequestResponder(
            routes: Self.routes(node, health), logger: logger, log: log.requests, metrics: metrics)
        let listeners = try Listeners(settings.listener, responder: responder, metrics: metrics, log: log)

        var configuration = HTTPServer.Configuration(listeners: listeners.configurations)
        configuration.limits = settings.limits.connections
        configuration.trustedProxies = TrustedProxies(
            ranges: settings.listener.trustedProxies.compactMap { AddressRange($0) })
        configuration.drainDelay = settings.lifecycle.drainDelay
        configuration.drainTimeout = settings.lifecycle.drainTimeout
        let server = HTTPServer(configuration, health: health, metrics: metrics, logger: logger)

        // The heartbeat starts first, so it ends last: when everything has drained.
        let links = node.redis.map { [RedisLinks(redis: $0) as any Service] } ?? []
        services =
            [Heartbeat(node, health: health, transfers: { responder.runningRequests }, logger: logger)] + links
            + Collecting.services(node, logger: logger) + [
                Periodic("idle uploads", every: .seconds(30), logger: logger) {
                    await node.registry.closeIdleUploads(olderThan: .seconds(120))
                },
                CertificateReload(listeners.certificates, logger: logger),
                SpaceWatch(node.blobs, logger: logger),
                server,
            ]
    }

    /// Every way into this server. What is not in here is answered with 404.
    package static func routes(_ node: HavenNode, _ health: HealthState) -> RouteTable {
        var routes = RouteTable()
        routes.add(
            .get, "/healthz", access: .open("balancers ask without credentials; the answer tells nothing of content")
        ) {
            _, _ in health.response()
        }
        RegistryController(access: node.access, registry: node.registry).declare(in: &routes)
        TokenController(access: node.access).declare(in: &routes)
        HarborRoutes(health: NodeHealth.report(node)) { authorization, address in
            let caller = try? await node.access.identify(authorization: authorization, address: address)
            return caller?.user != nil
        }.declare(in: &routes)
        SystemSources.routes(node, health).declare(in: &routes)
        return routes
    }
}

extension LimitSettings {
    var connections: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.connections = maxConnections
        limits.headerBytes = Int(maxHeaderBytes)
        limits.headTimeout = headerTimeout
        limits.keepAliveTimeout = idleTimeout
        limits.bodyIdleTimeout = transferTimeout
        limits.writeStallTimeout = transferTimeout
        return limits
    }
}
