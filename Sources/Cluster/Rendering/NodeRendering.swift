// SPDX-License-Identifier: Apache-2.0

/// What a node gets: the settings that the plan decides, and in mode lvs the way to accept the virtual addresses.
struct NodeRendering {
    let plan: ClusterPlan
    let host: ClusterPlan.RegistryNode
    let mark: RenderingMark

    var part: HostPart {
        let direct = plan.mode == .lvs
        let packages = !direct ? [] : plan.nodeSide == .redirect ? ["nftables"] : ["iproute2"]
        return HostPart(
            files: [RenderedFile("etc/haven/haven.cfg.fragment", fragment)] + (direct ? directFiles : []),
            title: "The node", packages: packages, before: [], after: [settingsNote] + (direct ? [directNote] : []))
    }

    private var fragment: String {
        var lines = [
            mark.comment, "# Put these lines into haven.cfg, in place of those with the same keys.",
            "hostname = \(plan.registry.host)", "node_name = \(host.name)",
        ]
        switch plan.traffic {
        case .http, .terminate: lines.append("http_port = \(host.port)")
        case .passthrough:
            let plain = plan.mode == .lvs ? plan.redirectPort ?? 0 : 0
            lines += [
                "# HTTPS needs ssl_cert and ssl_cert_key too.", "ui_url_protocol = https",
                "https_port = \(host.port)", "http_port = \(plain)",
            ]
        }
        if plan.mode == .haproxy {
            lines += ["# The balancers say who the client is.", "trusted_proxies = \(proxies)"]
            if plan.traffic == .passthrough { lines.append("proxy_protocol = on") }
        }
        lines += ["# Longer than the balancers take to see that this node drains.", "drain_delay = \(drainDelay)"]
        return lines.asFile
    }

    private var proxies: String { plan.balancers.flatMap(\.addresses).map(\.description).joined(separator: ", ") }

    /// HAProxy asks twice a second; keepalived every two seconds, and once more before it believes.
    private var drainDelay: String { plan.mode == .haproxy ? "3s" : "6s" }

    private var settingsNote: String {
        """
        Put the lines of `etc/haven/haven.cfg.fragment` into `/etc/haven/haven.cfg`, in place of those with the same keys. Then:

            haven config check --config /etc/haven/haven.cfg
            systemctl restart haven
        """
    }
}

/// Mode lvs: packets come with the virtual address as their destination, sent to the node's hardware address.
extension NodeRendering {
    private static let script = "usr/local/sbin/haven-vip.sh"

    private var directFiles: [RenderedFile] {
        let common = [
            RenderedFile(Self.script, vipScript, isExecutable: true),
            RenderedFile("etc/systemd/system/haven-vip.service", unit),
        ]
        switch plan.nodeSide {
        case .redirect: return common + [RenderedFile("etc/haven/vip.nft", firewall)]
        case .loopback: return common + [RenderedFile("etc/sysctl.d/60-haven-vip.conf", sysctl)]
        }
    }

    /// The two tables are replaced as one, so that no connection meets a moment without them.
    private var firewall: String {
        let tables = NetworkAddress.Family.allCases.compactMap { family -> [String]? in
            let addresses = plan.places.map(\.address).filter { $0.family == family }
            guard !addresses.isEmpty else { return nil }
            let (name, match) = family == .ipv4 ? ("ip haven_vip", "ip") : ("ip6 haven_vip", "ip6")
            let set = addresses.map(\.description).joined(separator: ", ")
            let rules = plan.ports.map { port in
                "\(match) daddr { \(set) } tcp dport \(port) redirect to :\(ownPort(for: port))"
            }
            let chain = block(
                "chain to_this_node", ["type nat hook prerouting priority dstnat; policy accept;"] + rules)
            return ["table \(name)", "delete table \(name)"] + block("table \(name)", chain)
        }
        return ([[mark.comment]] + tables).joined(separator: [""]).map { $0 }.asFile
    }

    private func ownPort(for port: Int) -> Int { port == plan.registry.port ? host.port : port }

    private var sysctl: String {
        [
            mark.comment,
            "# The node has the address and must not say so, or it would take it away from the balancer.",
            "net.ipv4.conf.all.arp_ignore = 1", "net.ipv4.conf.all.arp_announce = 2",
        ].asFile
    }

    private var vipScript: String {
        let (up, down) = plan.nodeSide == .redirect ? redirectSteps : loopbackSteps
        return """
            #!/bin/sh
            \(mark.comment)
            # usage: haven-vip.sh up|down   lets this node accept connections to the registry's address, or no longer.
            set -e
            case ${1:-} in
            up)
            \(up.map { "    \($0)" }.joined(separator: "\n"))
                ;;
            down)
            \(down.map { "    \($0)" }.joined(separator: "\n"))
                ;;
            *)
                echo "usage: haven-vip.sh up|down" >&2
                exit 2
                ;;
            esac

            """
    }

    private var redirectSteps: ([String], [String]) {
        let families = NetworkAddress.Family.allCases.filter { family in
            plan.virtualRouters.contains { $0.family == family }
        }
        return (
            ["nft -f /etc/haven/vip.nft"],
            families.map { "nft delete table \($0 == .ipv4 ? "ip" : "ip6") haven_vip 2> /dev/null || true" }
        )
    }

    private var loopbackSteps: ([String], [String]) {
        let addresses = plan.places.map(\.address.alone)
        return (
            ["# First the silence, then the address.", "sysctl -q -p /etc/sysctl.d/60-haven-vip.conf"]
                + addresses.map { "ip addr replace \($0) dev lo" },
            addresses.map { "ip addr del \($0) dev lo 2> /dev/null || true" }
        )
    }

    private var unit: String {
        """
        \(mark.comment)
        [Unit]
        Description=This node accepts connections to the registry's address
        After=network.target nftables.service systemd-sysctl.service
        Before=haven.service

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/\(Self.script) up
        ExecStop=/\(Self.script) down

        [Install]
        WantedBy=multi-user.target

        """
    }

    private var directNote: String {
        let also =
            plan.nodeSide == .loopback
            ? ""
            : """


            That is what the guide to high availability does with iptables, in a form that survives a restart:

            \(plan.places.flatMap { place in plan.ports.map { iptables(place.address, $0) } }.joined(separator: "\n"))
            """
        return """
            Let the node accept connections to \(plan.places.map(\.address.description).joined(separator: " and ")):

                systemctl daemon-reload
                systemctl enable --now haven-vip

            Without systemd: `haven-vip.sh up`, at each start of the host.\(also)
            """
    }

    private func iptables(_ address: NetworkAddress, _ port: Int) -> String {
        let program = address.family == .ipv4 ? "iptables" : "ip6tables"
        let other = ownPort(for: port) == port ? "" : " --to-ports \(ownPort(for: port))"
        return "    \(program) -t nat -A PREROUTING -p tcp -d \(address) --dport \(port) -j REDIRECT\(other)"
    }
}
