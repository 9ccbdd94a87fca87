// SPDX-License-Identifier: Apache-2.0

/// `keepalived.conf` of one balancer.
struct KeepalivedFile {
    let plan: ClusterPlan
    let host: ClusterPlan.Balancer
    let mark: RenderingMark

    var text: String {
        let scripts = plan.mode == .haproxy ? [checkScript] : []
        let routers = plan.virtualRouters.map(instance)
        return ([[mark.comment], global] + scripts + routers + virtualServers).joined(separator: [""]).map { $0 }.asFile
    }

    private var global: [String] {
        // Sub-second adverts need version 3 of VRRP. The address is announced again after a second, for switches that
        // missed it, and every 30 seconds, for those that forgot it; after a split the winner announces it.
        var lines = [
            "router_id haven-\(host.name)", "vrrp_version 3", "script_user root", "enable_script_security",
            "vrrp_garp_master_repeat 3", "vrrp_garp_master_delay 1", "vrrp_garp_master_refresh 30",
            "vrrp_garp_lower_prio_repeat 3", "vrrp_higher_prio_send_advert true",
        ]
        if plan.mode == .lvs {
            lines.append("# Tells the other balancer of connections, so that they can go on there.")
            lines.append("lvs_sync_daemon \(host.interface) \(plan.virtualRouters[0].name)")
        }
        return block("global_defs", lines)
    }

    private var checkScript: [String] {
        block(
            "vrrp_script check_haproxy",
            [
                "script \"\(BalancerPaths.checkHAProxy)\"", "interval 1", "timeout 1", "fall 1", "rise 2",
                "# Without weight: a balancer whose HAProxy does not answer gives the address away.",
            ])
    }

    private func instance(_ router: ClusterPlan.VirtualRouter) -> [String] {
        let peers = plan.balancers.filter { $0.name != host.name }.compactMap { $0.address(router.family) }
        var lines = [
            "# All begin as backup and the highest priority wins. High and close together: the next hesitates least.",
            "state BACKUP", "interface \(host.interface)", "virtual_router_id \(router.id)",
            "priority \(host.priority)", "advert_int \(plan.advertInterval.seconds)",
        ]
        if !plan.preempts { lines.append("nopreempt") }
        lines += host.address(router.family).map { ["unicast_src_ip \($0)"] } ?? []
        lines += block("unicast_peer", peers.map(\.description))
        if plan.mode == .haproxy { lines += block("track_script", ["check_haproxy"]) }
        lines += block(
            "virtual_ipaddress", router.places.map { "\($0.address.alone) dev \(host.interface)" })
        lines.append("notify \"\(BalancerPaths.notify)\"")
        return block("vrrp_instance \(router.name)", lines)
    }
}

/// The part of the kernel's IPVS.
extension KeepalivedFile {
    private var virtualServers: [[String]] {
        guard plan.mode == .lvs else { return [] }
        return plan.places.flatMap { place in plan.ports.map { virtualServer(place.address, port: $0) } }
    }

    private func virtualServer(_ address: NetworkAddress, port: Int) -> [String] {
        let nodes = plan.nodes.compactMap { node in
            node.address(address.family).map { realServer($0, port: port, of: node) }
        }
        return block(
            "virtual_server \(address) \(port)",
            [
                "delay_loop 2", "delay_before_retry 1", "retry 1", "lb_algo wlc", "lb_kind DR", "protocol TCP",
                "# A node is down until a check says otherwise.", "alpha", "quorum 1",
            ] + virtualHost + nodes.flatMap { $0 })
    }

    private var virtualHost: [String] {
        plan.registry.address == nil ? ["virtualhost \(plan.registry.host)"] : []
    }

    private func realServer(_ address: NetworkAddress, port: Int, of node: ClusterPlan.RegistryNode) -> [String] {
        block(
            "real_server \(address) \(port)",
            [
                "weight 10", "# A node that drains gets no new connections and keeps those it has.",
                "inhibit_on_failure",
            ] + check(node))
    }

    private func check(_ node: ClusterPlan.RegistryNode) -> [String] {
        var pages = [block("url", ["path /healthz", "status_code 200"])]
        if plan.health == .guide {
            pages.append(block("url", ["path /api/systeminfo", "status_code 200", "regex \"registry_url\""]))
            pages.append(block("url", ["path /api/repositories/top", "status_code 200"]))
        }
        let isTLS = plan.traffic == .passthrough
        return block(
            isTLS ? "SSL_GET" : "HTTP_GET",
            (isTLS && plan.registry.address == nil ? ["enable_sni"] : []) + pages.flatMap { $0 } + [
                "connect_port \(node.port)", "connect_timeout 1", "retry 1", "delay_before_retry 1",
            ])
    }
}
