// SPDX-License-Identifier: Apache-2.0

/// A good plan in parts, so that a test can replace the one it is about.
struct PlanParts {
    var top = "registry_url: http://192.168.1.220\ninterface: eth0\n"
    var vips = "vips:\n  - address: 192.168.1.220/24\n    router_id: 51\n"
    var balancers = """
        balancers:
          - {name: lb1, address: 192.168.1.211}
          - {name: lb2, address: 192.168.1.212}

        """
    var nodes = """
        nodes:
          - {name: node1, address: 192.168.1.201}
          - {name: node2, address: 192.168.1.202}

        """

    var text: String { top + vips + balancers + nodes }

    /// TLS, ended where `traffic` says.
    static func https(_ traffic: String, more: String = "") -> PlanParts {
        var parts = PlanParts()
        parts.top = "registry_url: https://registry.example.com\ninterface: eth0\ntraffic: \(traffic)\n" + more
        return parts
    }

    /// The kernel balances.
    static func lvs(_ more: String = "") -> PlanParts {
        var parts = PlanParts()
        parts.top += "mode: lvs\n" + more
        return parts
    }
}
