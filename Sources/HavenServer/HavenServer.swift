// SPDX-License-Identifier: Apache-2.0
package import Access
import BlobStorage
import HTTPSupport
import Logging
import NIOCore
import SQLStorage
import ServiceLifecycle
import UnixSignals

/// `haven serve`: a node with its listeners and its periodic work, from start to drained end.
package struct HavenServer: Sendable {
    private let settings: Settings
    private let log: LogSetup
    private var logger: Logger { log.logger }
    private let announce: @Sendable (FirstRows) -> Void

    /// Describes a server; ``run()`` makes it live.
    ///
    /// - Parameter announce: Called once, before anything listens: shows a generated password to whoever started this, and
    ///   warns of accounts that are locked. Never through the log.
    package init(_ settings: Settings, log: LogSetup, announce: @escaping @Sendable (FirstRows) -> Void) {
        self.settings = settings
        self.log = log
        self.announce = announce
    }

    /// Serves until the process is told to end by SIGTERM or SIGINT, then drains.
    ///
    /// - Throws: ``StartFault`` and what the parts throw when the node cannot start.
    package func run() async throws {
        // Before anything is made for a server that cannot come up.
        _ = try Listeners.pair(settings.listener, logger)
        try PrivateFolder.ensure(settings.data.folder)
        let lock = try AdvisoryLock(servingFrom: settings.data.folder)
        let node = try await HavenNode.open(settings, logger: logger, faults: try TestFaults.fromEnvironment())
        do {
            announce(try await node.prepare())
            try await serve(node)
        } catch {
            await node.close()
            guard let fault = error as? ListenFault else { throw error }
            throw StartFault.file(
                "\(fault); give another http_port, https_port or metrics_port, or end what listens there")
        }
        await node.close()
        logger.notice("stopped")
        _ = consume lock
    }

    private func serve(_ node: HavenNode) async throws {
        let front = try Front(node, log: log)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: front.services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
    }
}
