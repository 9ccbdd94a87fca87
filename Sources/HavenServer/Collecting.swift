// SPDX-License-Identifier: Apache-2.0
import Lifecycle
import Logging
import ServiceLifecycle

/// The collector's runs inside a server: what is due every interval, and once a day a look at every row.
enum Collecting {
    static func services(_ node: HavenNode, logger: Logger) -> [any Service] {
        let interval = node.settings.lifecycle.collectorInterval
        guard interval > .zero else { return [] }
        return [
            Periodic("collection", every: interval, logger: logger) { try await collect(node, logger) },
            Periodic("sweep", every: .seconds(86_400), logger: logger) { _ = try await node.collector().sweep() },
        ]
    }

    private static func collect(_ node: HavenNode, _ logger: Logger) async throws {
        let start = ContinuousClock.now
        let report = try await node.collector().run()
        let level: Logger.Level = report.objects + report.blobs + report.uploads > 0 ? .info : .debug
        logger.log(
            level: level, "collected",
            metadata: [
                "uploads": "\(report.uploads)", "manifests": "\(report.manifests)", "links": "\(report.links)",
                "blobs": "\(report.blobs)", "objects": "\(report.objects)", "bytes": "\(report.freedBytes)",
                "duration.ms": "\((ContinuousClock.now - start) / .milliseconds(1))",
            ])
        if report.failures > 0 {
            logger.warning("objects could not be deleted", metadata: ["count": "\(report.failures)"])
        }
    }
}
