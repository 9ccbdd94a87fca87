// SPDX-License-Identifier: Apache-2.0

/// Holds the parts of a plan against each other: what is good alone may be wrong together.
struct PlanChecks {
    let draft: PlanDraft

    init(_ draft: PlanDraft) {
        self.draft = draft
    }

    /// Tells the reader everything that does not fit.
    func report(to reader: inout PlanReader) {
        checkTraffic(&reader)
        checkKeysOfOtherModes(&reader)
        checkRegistry(&reader)
        checkRouters(&reader)
        checkNames(&reader)
        checkAddresses(&reader)
        checkReach(&reader)
        checkPriorities(&reader)
        checkPorts(&reader)
    }

    private func checkTraffic(_ reader: inout PlanReader) {
        guard let scheme = draft.registry?.scheme else { return }
        switch (scheme, draft.traffic) {
        case (.https, nil) where !draft.given.contains("traffic"):
            reader.fault(
                "traffic",
                "is missing, and registry_url is https; give passthrough (the nodes have the certificate) "
                    + "or terminate (the balancers have it)")
        case (.https, .http):
            reader.fault(
                "traffic", "http does not fit registry_url, which is https; give passthrough or terminate")
        case (.http, .passthrough), (.http, .terminate):
            reader.fault("traffic", "is for TLS, and registry_url is http; write https there, or traffic: http")
        default: break
        }
        if draft.traffic == .terminate, draft.modeInForce == .lvs {
            reader.fault("traffic", "the kernel cannot end TLS in mode lvs; give passthrough, or mode: haproxy")
        } else if draft.traffic == .terminate, !draft.given.contains("tls") {
            reader.fault(
                "tls.certificate",
                "is missing, and traffic: terminate needs it; give the whole path of a PEM file with "
                    + "certificate, chain and key on the balancers")
        }
    }

    private func checkKeysOfOtherModes(_ reader: inout PlanReader) {
        if let traffic = draft.trafficInForce, traffic != .terminate, draft.given.contains("tls") {
            reader.fault("tls", "nothing uses it with traffic: \(traffic); remove it, or write traffic: terminate")
        }
        if draft.given.contains("lvs"), draft.modeInForce != .lvs {
            reader.fault("lvs", "nothing uses it with mode: haproxy; remove it, or write mode: lvs")
        }
        if draft.given.contains("max_connections"), draft.modeInForce == .lvs {
            reader.fault("max_connections", "nothing limits connections in mode lvs; remove it, or write mode: haproxy")
        }
        if let port = draft.redirectPort, port != 0, draft.registry?.scheme == .http {
            reader.fault("redirect_port", "there is no HTTPS to redirect to; remove it, or write https in registry_url")
        }
    }

    private func checkRegistry(_ reader: inout PlanReader) {
        guard let registry = draft.registry else { return }
        if registry.port == draft.redirectPortInForce {
            reader.fault(
                draft.redirectPort == nil ? "registry_url" : "redirect_port",
                "port \(registry.port) is that of both HTTPS and the redirect to it; set redirect_port to another, or 0"
            )
        }
        let addresses = draft.virtualRouters.flatMap { $0.value.places.map(\.address) }
        if let address = registry.address, !addresses.isEmpty, !addresses.contains(address) {
            reader.fault(
                "registry_url", "\(address) is none of the vips (\(list(addresses))); take one of them, or a name")
        }
    }

    private func checkRouters(_ reader: inout PlanReader) {
        var first: [Int: String] = [:]
        for entry in draft.virtualRouters {
            if let other = first[entry.value.id] {
                reader.fault(
                    "\(entry.key).router_id", "\(entry.value.id) is that of \(other) too; give each its own, 1 to 255")
            }
            first[entry.value.id] = first[entry.value.id] ?? entry.key
            if Set(entry.value.places.map(\.address.family)).count > 1 {
                reader.fault(
                    "\(entry.key).address",
                    "IPv4 and IPv6 cannot move in one virtual router; make two entries of vips, "
                        + "each with a router_id")
            }
            for place in entry.value.places where place.isNetworkOrBroadcast {
                reader.fault(
                    "\(entry.key).address",
                    "\(place) is the network's own or its broadcast address; take one of a host")
            }
        }
    }

    private func list(_ values: [some CustomStringConvertible]) -> String {
        values.map(\.description).joined(separator: ", ")
    }
}

extension PlanChecks {
    private func checkPriorities(_ reader: inout PlanReader) {
        for (place, entry) in draft.balancers.enumerated() {
            guard let priority = entry.value.priority else { continue }
            if let other = draft.balancers.prefix(place).first(where: { $0.value.priority == priority }) {
                reader.fault(
                    "\(entry.key).priority",
                    "\(priority) is that of \(other.key) too; give each its own, or leave them out")
            }
        }
    }

    private func checkPorts(_ reader: inout PlanReader) {
        guard let registry = draft.registry else { return }
        let ports = [registry.port] + (draft.redirectPortInForce.map { [$0] } ?? [])
        for entry in draft.nodes {
            let port = draft.port(of: entry.value)
            if draft.modeInForce == .lvs, draft.nodeSideInForce == .loopback, port != registry.port {
                reader.fault(
                    "\(entry.key).port",
                    "\(port) is not \(registry.port), the port of registry_url, and nothing can "
                        + "translate it; give the same, or lvs.node_side: redirect")
            }
            let isTranslatedTLS =
                draft.modeInForce == .lvs && draft.nodeSideInForce == .redirect && draft.trafficInForce == .passthrough
            if isTranslatedTLS, port != registry.port, port == draft.redirectPortInForce {
                reader.fault(
                    "\(entry.key).port",
                    "\(port) is redirect_port, where the node only redirects; give the port of HTTPS "
                        + "there, usually 443, or redirect_port: 0")
            }
            let taken = ports + [ClusterPlan.balancerHealthPort]
            if draft.modeInForce == .haproxy, isBalancer(entry.value), taken.contains(port) {
                reader.fault(
                    "\(entry.key).port",
                    "HAProxy has port \(port) on this host, which is a balancer too; give the node "
                        + "another, such as 8080")
            }
        }
    }

    private func isBalancer(_ node: PlanDraft.RegistryNode) -> Bool {
        draft.balancers.contains { $0.value.name == node.name }
    }
}
