// SPDX-License-Identifier: Apache-2.0
import Access
import Cache
import HTTPSupport
import Metadata
import Registry

/// The numbers of a node that no room counts for itself.
enum NodeMetrics {
    static func declare(_ node: HavenNode, in metrics: MetricsRegistry) {
        let registry = node.registry
        metrics.gauge("haven_registry_open_uploads", "Uploads this node holds, written to or waiting for their client.")
        {
            Double(registry.openUploads)
        }
        let access = node.access
        metrics.counter("haven_access_password_checks_total", "Passwords checked the slow way.") {
            Double(access.passwordChecks)
        }
        metrics.gauge("haven_access_passwords_waiting", "Passwords that wait to be checked.") {
            Double(access.passwordsWaiting)
        }
        node.redis?.declareMetrics(in: metrics)
        if let watch = node.metadata.watch {
            for mode in DatabaseCondition.Mode.allCases {
                metrics.gauge(
                    "haven_metadata_database_mode", "How this node deals with the database: 1 for the mode it is in.",
                    labels: ["mode": mode.rawValue]
                ) {
                    watch.mode == mode ? 1 : 0
                }
            }
            metrics.counter("haven_metadata_outages_total", "How often the database was out of reach.") {
                Double(watch.outages)
            }
        }
        for (name, read) in registry.cacheStatistics {
            metrics.counter("haven_registry_cache_hits_total", "Answers from memory.", labels: ["cache": name]) {
                Double(read().hits)
            }
            metrics.counter(
                "haven_registry_cache_misses_total", "Answers that needed the database.", labels: ["cache": name]
            ) {
                Double(read().misses)
            }
        }
    }
}
