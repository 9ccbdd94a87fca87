// SPDX-License-Identifier: Apache-2.0

extension ClusterPlan {
    /// A plan to begin with: two balancers, three nodes, plain HTTP; every other key stands in a comment with its default.
    package static let example = """
        # The plan of a cluster. All keys: docs/reference/cluster-plan.md.
        #
        #   haven cluster check cluster.yml                      what is wrong, and what the real programs say
        #   haven cluster render cluster.yml --output rendered   a folder for each host, with a README.md to follow

        # The address that clients use: one of the vips, or a name that leads to them.
        registry_url: http://192.168.1.220

        # haproxy: requests and answers pass the balancer, which retries and lets nodes drain.
        # lvs: the kernel passes packets on, and answers go past the balancer (needs IPVS).
        mode: haproxy

        # http: plain all the way. passthrough: TLS from client to node. terminate: TLS from client to balancer.
        # The last two go with an https registry_url.
        traffic: http
        # tls:
        #   certificate: /etc/haproxy/tls/registry.pem     # with terminate: certificate, chain and key on the balancers
        # redirect_port: 80                                # with https: the plain port that leads there; 0 for none

        # The interface with the balancers' addresses; a balancer may name its own.
        interface: eth0

        # Addresses that outlive a host, with the length of their network's prefix. Each entry moves as one; IPv6 has
        # entries of its own. No other router in the network may have the router_id.
        vips:
          - address: 192.168.1.220/24
            router_id: 51

        # The hosts that can hold the addresses. When nobody holds one, the first in this list that is alive takes it;
        # priority overrides the order.
        balancers:
          - name: lb1
            address: 192.168.1.211
          - name: lb2
            address: 192.168.1.212

        # The hosts that run Haven, and the port there.
        nodes:
          - name: node1
            address: 192.168.1.201
            port: 80
          - name: node2
            address: 192.168.1.202
            port: 80
          - name: node3
            address: 192.168.1.203
            port: 80

        # A dead balancer is replaced after about three of these; 1s is calmer on hosts that pause.
        # advert_interval: 200ms

        # Whether a balancer that returns takes the address back; that cuts transfers a second time.
        # preempt: false

        # The most connections a balancer serves at once.
        # max_connections: 4000

        # With mode lvs: how a node accepts the address (redirect by its firewall, or the address on its loopback), and
        # whether healthy means /healthz alone or also what the guide's check.sh asks for.
        # lvs:
        #   node_side: redirect
        #   health: healthz

        """
}
