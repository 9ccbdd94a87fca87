// SPDX-License-Identifier: Apache-2.0

import HTTPSupport
import HTTPTypes
package import HummingbirdCore
import OCI

/// What a look at all components found, in the shape of Harbor's `OverallHealthStatus`.
package struct HealthAnswer: Sendable {
    package let components: [(name: String, state: HealthComponent.State)]
    /// The nodes of the cluster; nil when they cannot be told.
    package var nodes: [HealthNode]?

    /// Whether every component works.
    package var isHealthy: Bool {
        components.allSatisfy { if case .unhealthy = $0.state { false } else { true } }
    }

    /// 200 when every component works and 503 otherwise, each component with its own state.
    ///
    /// Harbor answers 200 in either case; a monitor that looks at the status alone then never sees a fault. The list of nodes
    /// is Haven's own addition.
    ///
    /// - Parameter toKnownCaller: Whether the caller has an account here: others do not learn addresses and versions.
    package func response(toKnownCaller isKnown: Bool) -> Response {
        jsonResponse(isHealthy ? .ok : .serviceUnavailable, headers: [.cacheControl: "no-store"]) { json in
            json.beginObject()
            json.member("status", isHealthy ? "healthy" : "unhealthy")
            json.key("components")
            json.beginArray()
            for component in components { write(component.name, component.state, to: &json) }
            json.endArray()
            if let nodes {
                json.key("nodes")
                json.beginArray()
                for node in nodes { node.write(to: &json, inFull: isKnown) }
                json.endArray()
            }
            json.endObject()
        }
    }

    private func write(_ name: String, _ state: HealthComponent.State, to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", name)
        switch state {
        case .healthy:
            json.member("status", "healthy")
        case .warning(let text):
            json.member("status", "healthy")
            json.member("warning", text)
        case .unhealthy(let text):
            json.member("status", "unhealthy")
            json.member("error", text)
        }
        json.endObject()
    }
}
