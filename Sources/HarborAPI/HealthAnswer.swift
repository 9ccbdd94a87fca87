// SPDX-License-Identifier: Apache-2.0

import HTTPSupport
import HTTPTypes
package import HummingbirdCore
import OCI

/// What a look at all components found, in the shape of Harbor's `OverallHealthStatus`.
package struct HealthAnswer: Sendable {
    package let components: [(name: String, isRequired: Bool, state: HealthComponent.State)]
    /// The nodes of the cluster; nil when they cannot be told.
    package var nodes: [HealthNode]?

    /// Whether every component works.
    package var isHealthy: Bool { components.allSatisfy { !$0.state.isUnhealthy } }

    /// Whether every component works that the service needs.
    package var isAvailable: Bool { components.allSatisfy { !$0.isRequired || !$0.state.isUnhealthy } }

    /// 200 when every component that is needed works and 503 otherwise, each component with its own state.
    ///
    /// Harbor answers 200 in any case; a monitor that looks at the status alone then never sees a fault. The list of nodes is
    /// Haven's own addition.
    ///
    /// - Parameter toKnownCaller: Whether the caller has an account here: others do not learn addresses and versions.
    package func response(toKnownCaller isKnown: Bool) -> Response {
        jsonResponse(isAvailable ? .ok : .serviceUnavailable, headers: [.cacheControl: "no-store"]) { json in
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

extension HealthComponent.State {
    fileprivate var isUnhealthy: Bool { if case .unhealthy = self { true } else { false } }
}
