// SPDX-License-Identifier: Apache-2.0

/// Where the files of a balancer are on the host.
enum BalancerPaths {
    /// HAProxy's own folder.
    static let run = "/run/haven-balancer"
    /// What keepalived told last. It runs as root, so it writes nothing where HAProxy could put a link.
    static let state = "/run/haven-vrrp"
    static let checkHAProxy = "/etc/haven/balancer/check-haproxy.sh"
    static let notify = "/etc/haven/balancer/notify.sh"
    static let checkNode = "/usr/local/bin/check.sh"
    static let drain = "/usr/local/sbin/drain-balancer.sh"
    static let sysctl = "/etc/sysctl.d/60-haven-balancer.conf"
    static let keepalived = "/etc/keepalived/keepalived.conf"
    static let haproxy = "/etc/haproxy/haproxy.cfg"
    static let noRefusals = "/etc/haven/balancer/no-refusals.nft"
}

/// What a balancer gets.
struct BalancerRendering {
    let plan: ClusterPlan
    let host: ClusterPlan.Balancer
    let mark: RenderingMark

    var part: HostPart {
        HostPart(
            files: files, title: "The balancer",
            packages: plan.mode == .haproxy
                ? ["curl", "haproxy", "keepalived", "nftables", "procps"] : ["curl", "ipvsadm", "keepalived"],
            before: plan.certificate.map { [certificateNote($0)] } ?? [], after: starting)
    }

    private var files: [RenderedFile] {
        let scripts = BalancerScripts(plan: plan, host: host, mark: mark)
        let units = BalancerUnits(plan: plan, host: host, mark: mark)
        let common = [
            RenderedFile(
                below(BalancerPaths.keepalived), KeepalivedFile(plan: plan, host: host, mark: mark).text),
            RenderedFile(below(BalancerPaths.sysctl), sysctl),
            RenderedFile(below(BalancerPaths.notify), scripts.notify, isExecutable: true),
            RenderedFile(below(BalancerPaths.checkNode), scripts.checkNode, isExecutable: true),
            RenderedFile(below(BalancerPaths.drain), scripts.drain, isExecutable: true),
            RenderedFile("etc/systemd/system/keepalived.service", units.keepalived),
        ]
        switch plan.mode {
        case .haproxy:
            return common + [
                RenderedFile(below(BalancerPaths.haproxy), HAProxyFile(plan: plan, host: host, mark: mark).text),
                RenderedFile(below(BalancerPaths.checkHAProxy), scripts.checkHAProxy, isExecutable: true),
                RenderedFile(below(BalancerPaths.noRefusals), noRefusals),
                RenderedFile("etc/systemd/system/haproxy.service", units.haproxy),
            ]
        case .lvs:
            let modules = [mark.comment, "ip_vs", "ip_vs_wlc"].asFile
            return common + [RenderedFile("etc/modules-load.d/haven-balancer.conf", modules)]
        }
    }

    /// A port that nobody listens on refuses with a reset of number 0 (RFC 9293, section 3.10.7.1); resets of connections have
    /// their numbers, and are sent.
    private var noRefusals: String {
        let ports = plan.ports.map(String.init).joined(separator: ", ")
        let rules = plan.places.map { place in
            let family = place.address.family == .ipv6 ? "ip6" : "ip"
            return """
                    \(family) saddr \(place.address) tcp sport { \(ports) } \
                tcp flags & (rst | ack) == (rst | ack) tcp sequence 0 drop
                """
        }
        return
            ([
                mark.comment,
                "# Whoever comes while HAProxy starts is not refused: the first packet goes unheard, and a second",
                "# later the client sends it again, to whoever has the address then.",
                "table inet haven_balancer", "delete table inet haven_balancer", "table inet haven_balancer {",
                "  chain outgoing {", "    type filter hook output priority 0; policy accept;",
            ] + rules + ["  }", "}"]).asFile
    }

    private func below(_ path: String) -> String { String(path.dropFirst()) }

    private var sysctl: String {
        let hasIPv6 = plan.virtualRouters.contains { $0.family == .ipv6 }
        return
            ([
                mark.comment,
                "# What still arrives here after the address has moved is passed on to its new holder.",
                "net.ipv4.ip_forward = 1",
                "# A balancer listens on an address that the other one holds.", "net.ipv4.ip_nonlocal_bind = 1",
            ] + (hasIPv6 ? ["net.ipv6.ip_nonlocal_bind = 1"] : [])).asFile
    }
}

extension BalancerRendering {
    private func certificateNote(_ path: String) -> String {
        """
        HAProxy reads certificate, chain and key from one PEM file. Put it there first:

            cat server.crt server.key > registry.pem
            install -D -o root -g haproxy -m 640 registry.pem \(path)
        """
    }

    private var starting: [String] {
        let haproxy = plan.mode == .haproxy
        let modules = haproxy ? "" : "\n    modprobe -a ip_vs ip_vs_wlc && test -e /proc/net/ip_vs"
        let check = haproxy ? "\n    haproxy -c -f \(BalancerPaths.haproxy)" : ""
        let units = haproxy ? "haproxy keepalived" : "keepalived"
        return [
            """
            Let the kernel take the settings, and let the programs read the files without starting:

                sysctl -p \(BalancerPaths.sysctl)\(modules)
                keepalived -t -f \(BalancerPaths.keepalived)\(check)
            """,
            """
            \(haproxy ? "Start them, HAProxy first" : "Start it"):

                systemctl daemon-reload
                systemctl enable \(units)
                systemctl restart \(units)
            """,
            """
            On a host without systemd, under whatever keeps programs running there:

            \(bareCommands.map { "    \($0)" }.joined(separator: "\n"))
            """,
            """
            `ip -br addr show \(host.interface)` shows \(addresses) on the balancer that has taken it, and on no other. \
            `check.sh ADDRESS PORT` asks a node what the balancer asks it.

            Before work on this host, and back afterwards:

                drain-balancer.sh
                systemctl start keepalived
            """,
        ]
    }

    private var bareCommands: [String] {
        switch plan.mode {
        case .haproxy:
            [
                "mkdir -p \(BalancerPaths.run)", "nft -f \(BalancerPaths.noRefusals)",
                "haproxy -W -db -f \(BalancerPaths.haproxy)",
                "keepalived -n -l -D -P -f \(BalancerPaths.keepalived)",
            ]
        case .lvs: ["keepalived -n -l -D -f \(BalancerPaths.keepalived)"]
        }
    }

    private var addresses: String { plan.places.map(\.address.description).joined(separator: " and ") }
}
