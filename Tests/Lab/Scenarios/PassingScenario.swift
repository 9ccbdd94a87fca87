// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

extension Scenario {
    /// The guide's own way, without HAProxy: a balancer passes packets on, and nodes answer past it.
    static let passing = [
        Scenario(
            name: "lvs",
            what: """
                The plan is rendered with mode lvs and rolled out, so that nodes answer past the balancers; a rule of nftables \
                stands in for the kernel's IPVS. Then a node loses its power, and gets it back.
                """,
            promise: Promise(failedCommands: nil, figures: [lost: 5]), needs: "http"
        ) { lab in
            let passing = PacketPassing(lab: lab)
            try await passing.begin()
            let start = ContinuousClock.now
            let node = try lab.host("node1")
            try await node.powerOff()
            try await passing.awaitAnswers(from: ["node2", "node3"])
            let time = ContinuousClock.now - start
            try await node.switchOn()
            try await passing.prepare("node1")
            try await lab.startNode("node1")
            try await passing.awaitAnswers(from: LabAddress.nodes)
            try await passing.end()
            return [Figure(lost, time)]
        }
    ]

    private static let lost = "answered by the others after"
}

/// The picture with mode lvs in the place of HAProxy.
private struct PacketPassing: Sendable {
    let lab: Lab

    /// Changes over to it: node1 takes packets for the virtual address by its firewall, as in the guide, and the others have
    /// the address on their loopback.
    func begin() async throws {
        try await lab.host("node1").check(
            """
            sed -e 's/^mode: .*/mode: lvs/' cluster.yml > lvs.yml
            haven cluster render lvs.yml --output redirect
            printf 'lvs:\\n  node_side: loopback\\n' >> lvs.yml
            haven cluster render lvs.yml --output loopback
            for node in 2 3; do scp -qr loopback/node$node 192.168.1.20$node:lvs; done
            for balancer in 1 2; do scp -qr loopback/lb$balancer 192.168.1.21$balancer:lvs; done
            mv redirect/node1 lvs
            """)
        for name in LabAddress.nodes {
            try await lab.host(name).check("cp -R lvs/etc lvs/usr /")
            try await prepare(name)
        }
        for name in LabAddress.balancers {
            let host = try lab.host(name)
            try await host.check("cat > /usr/local/sbin/pass-packets", input: Self.director)
            try await host.check(
                """
                systemctl stop keepalived haproxy
                cp -R lvs/etc lvs/usr /
                setsid bash /usr/local/sbin/pass-packets < /dev/null > /var/log/pass-packets.log 2>&1 &
                echo $! > /run/pass-packets.pid
                """)
        }
        for name in LabAddress.balancers { try await lab.host(name).check("systemctl start keepalived") }
        try await awaitAnswers(from: LabAddress.nodes)
    }

    /// Does the node's part, and counts the connections to the virtual address that the node answers.
    func prepare(_ node: String) async throws {
        let counting = """
            table inet lab {
                counter answers {}
                chain out {
                    type filter hook postrouting priority 300;
                    ip saddr \(LabAddress.virtual) tcp flags & (syn | ack) == (syn | ack) counter name answers
                }
            }
            """
        try await lab.host(node).check("haven-vip.sh up\nnft -f -", input: counting)
    }

    /// Waits until these nodes, and no others, answer at the virtual address.
    func awaitAnswers(from nodes: [String]) async throws {
        let isSo = try await eventually(within: .seconds(20)) {
            var answering: [String] = []
            for node in LabAddress.nodes where try await isAnswering(node) { answering.append(node) }
            return answering == nodes
        }
        guard isSo else { throw ToolFailure(what: "\(LabAddress.virtual) is not answered by \(nodes)") }
    }

    /// Whether it has answered a connection in the last half second; the probe makes fifty in a second.
    private func isAnswering(_ node: String) async throws -> Bool {
        guard try lab.host(node).isOn else { return false }
        let reset = "nft reset counter inet lab answers"
        let count = try await lab.host(node).run("\(reset) > /dev/null; sleep 0.5; \(reset)").output
        return count.contains("packets") && !count.contains("packets 0 ")
    }

    /// Changes back to HAProxy.
    func end() async throws {
        for name in LabAddress.balancers {
            try await lab.host(name).check(
                """
                kill "$(cat /run/pass-packets.pid)"
                nft delete table netdev passing
                systemctl stop keepalived
                cp -R rendered/etc rendered/usr /
                """)
        }
        for name in LabAddress.nodes { try await lab.host(name).check("haven-vip.sh down\nnft delete table inet lab") }
        for name in LabAddress.balancers { try await lab.startBalancer(name) }
    }

    /// What IPVS and keepalived's checker do on a balancer: each connection goes to a node that `check.sh` finds well. Unlike
    /// IPVS it gives open connections to other nodes when a node comes or goes.
    private static let director = """
        set -u
        address() { ip -o link show eth0 | sed 's/.*ether \\([0-9a-f:]*\\).*/\\1/'; }
        of() { ip neigh show "$1" dev eth0 | sed -n 's/.*lladdr \\([0-9a-f:]*\\).*/\\1/p'; }
        last=
        while :; do
            targets=() number=0
            for node in \(LabAddress.nodes.map(LabAddress.of).joined(separator: " ")); do
                check.sh "$node" && targets+=("$((number++)) : $(of "$node")")
            done
            list=$(IFS=,; echo "${targets[*]-}")
            if [ "$list" != "$last" ] && [ "$number" -gt 0 ]; then
                nft -f - << RULES && last=$list
        table netdev passing
        delete table netdev passing
        table netdev passing {
            chain in {
                type filter hook ingress device "eth0" priority 0; policy accept;
                ip daddr \(LabAddress.virtual) tcp dport 80 ether saddr set $(address) \
                    ether daddr set jhash ip saddr . tcp sport mod $number map { $list } fwd to "eth0"
            }
        }
        RULES
                echo "passes packets to $list"
            fi
            sleep 0.5
        done
        """
}
