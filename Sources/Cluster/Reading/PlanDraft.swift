// SPDX-License-Identifier: Apache-2.0

/// What could be read of a plan, each part with its key, before the parts are held against each other.
///
/// What is nil or left out was absent or wrong, and in the second case its fault is told already.
struct PlanDraft {
    /// A part of a list with the way to it, such as `balancers[1]`.
    struct Entry<Value> {
        let key: String
        let value: Value
    }

    /// A balancer before its priority is settled.
    struct Balancer {
        let name: String
        let addresses: [NetworkAddress]
        let interface: String
        let priority: Int?
    }

    /// A node before its port is settled.
    struct RegistryNode {
        let name: String
        let addresses: [NetworkAddress]
        let port: Int?
    }

    var registry: RegistryURL?
    var mode: ClusterPlan.Mode?
    var traffic: ClusterPlan.Traffic?
    var advertInterval: AdvertInterval?
    var preempts: Bool?
    /// 0: none.
    var redirectPort: Int?
    var maxConnections: Int?
    var certificate: String?
    var nodeSide: ClusterPlan.NodeSide?
    var health: ClusterPlan.Health?
    var virtualRouters: [Entry<ClusterPlan.VirtualRouter>] = []
    var balancers: [Entry<Balancer>] = []
    var nodes: [Entry<RegistryNode>] = []
    /// The optional keys that the file has, for those that do not go with the mode or the traffic.
    var given: Set<String> = []
}

extension PlanDraft {
    /// The mode in force.
    var modeInForce: ClusterPlan.Mode { mode ?? .haproxy }

    /// What travels; nil while it cannot be known.
    var trafficInForce: ClusterPlan.Traffic? {
        traffic ?? (given.contains("traffic") || registry?.scheme != .http ? nil : .http)
    }

    var nodeSideInForce: ClusterPlan.NodeSide { nodeSide ?? .redirect }

    /// The plain port that redirects to HTTPS; nil when there is none.
    var redirectPortInForce: Int? {
        guard registry?.scheme == .https, redirectPort != 0 else { return nil }
        return redirectPort ?? 80
    }

    /// The port of a node: where nothing is said, the usual one of what travels to it.
    func port(of node: RegistryNode) -> Int {
        node.port ?? (trafficInForce == .passthrough ? 443 : 80)
    }

    /// The priorities of all balancers: high and close together, so that the next one hesitates least, in the order of the
    /// list.
    var priorities: [Int] {
        var free = stride(from: 254, through: 1, by: -4).filter { number in
            !balancers.contains { $0.value.priority == number }
        }[...]
        return balancers.map { $0.value.priority ?? free.popFirst() ?? 1 }
    }

    /// The plan, when everything it needs is there.
    var plan: ClusterPlan? {
        guard let registry, let traffic = trafficInForce else { return nil }
        return ClusterPlan(
            registry: registry, mode: modeInForce, traffic: traffic, advertInterval: advertInterval ?? .standard,
            preempts: preempts ?? false, redirectPort: redirectPortInForce, maxConnections: maxConnections ?? 4_000,
            certificate: certificate, nodeSide: nodeSideInForce, health: health ?? .healthz,
            virtualRouters: virtualRouters.map(\.value),
            balancers: zip(balancers, priorities).map { entry, priority in
                ClusterPlan.Balancer(
                    name: entry.value.name, addresses: entry.value.addresses, interface: entry.value.interface,
                    priority: priority)
            },
            nodes: nodes.map { entry in
                ClusterPlan.RegistryNode(
                    name: entry.value.name, addresses: entry.value.addresses, port: port(of: entry.value))
            })
    }
}
