// SPDX-License-Identifier: Apache-2.0

/// The systemd units of a balancer, which stand in for those of the packages.
struct BalancerUnits {
    let plan: ClusterPlan
    let host: ClusterPlan.Balancer
    let mark: RenderingMark

    /// HAProxy without root: it may bind low ports and nothing else. The firewall is told before it, as root.
    var haproxy: String {
        """
        \(mark.comment)
        [Unit]
        Description=HAProxy in front of the registry's nodes
        After=network-online.target systemd-sysctl.service
        Wants=network-online.target

        [Service]
        User=haproxy
        AmbientCapabilities=CAP_NET_BIND_SERVICE
        CapabilityBoundingSet=CAP_NET_BIND_SERVICE
        NoNewPrivileges=yes
        ProtectSystem=strict
        ProtectHome=yes
        PrivateTmp=yes
        RuntimeDirectory=\(BalancerPaths.run.dropFirst("/run/".count))
        LimitNOFILE=\(plan.maxConnections * 2 + 1_024)
        ExecStartPre=-+/usr/sbin/nft -f \(BalancerPaths.noRefusals)
        ExecStartPre=/usr/sbin/haproxy -c -q -f \(BalancerPaths.haproxy)
        ExecStart=/usr/sbin/haproxy -W -db -f \(BalancerPaths.haproxy)
        ExecReload=/usr/sbin/haproxy -c -q -f \(BalancerPaths.haproxy)
        ExecReload=/bin/kill -USR2 $MAINPID
        KillMode=mixed
        Restart=always
        RestartSec=100ms

        [Install]
        WantedBy=multi-user.target

        """
    }

    /// keepalived; the addresses go from the interface also when it ended in a hurry and left them there.
    var keepalived: String {
        let flags = plan.mode == .haproxy ? "-n -l -D -P" : "-n -l -D"
        let after = plan.mode == .haproxy ? " haproxy.service" : " systemd-modules-load.service"
        let removals = plan.places.map {
            "ExecStopPost=-/sbin/ip addr del \($0.address.alone) dev \(host.interface)\n"
        }
        return """
            \(mark.comment)
            [Unit]
            Description=keepalived, which holds the registry's address
            After=network-online.target systemd-sysctl.service\(after)
            Wants=network-online.target

            [Service]
            ExecStart=/usr/sbin/keepalived \(flags) -f \(BalancerPaths.keepalived)
            ExecReload=/bin/kill -HUP $MAINPID
            \(removals.joined())KillMode=mixed
            Restart=always
            RestartSec=1s

            [Install]
            WantedBy=multi-user.target

            """
    }
}
