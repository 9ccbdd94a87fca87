// SPDX-License-Identifier: Apache-2.0

/// The keys that a plan may have.
package enum PlanKeys {
    static let top = [
        "registry_url", "mode", "traffic", "interface", "advert_interval", "preempt", "redirect_port",
        "max_connections", "tls", "lvs", "vips", "balancers", "nodes",
    ]
    static let tls = ["certificate"]
    static let lvs = ["node_side", "health"]
    static let vip = ["address", "router_id"]
    static let balancer = ["name", "address", "interface", "priority"]
    static let node = ["name", "address", "port"]

    /// Every key that takes a value, with the way to it: `balancers[].priority`.
    package static var all: [String] {
        let sections = [
            "tls": tls.map { ".\($0)" }, "lvs": lvs.map { ".\($0)" }, "vips": vip.map { "[].\($0)" },
            "balancers": balancer.map { "[].\($0)" }, "nodes": node.map { "[].\($0)" },
        ]
        return top.flatMap { key in sections[key]?.map { key + $0 } ?? [key] }
    }
}
