// SPDX-License-Identifier: Apache-2.0

/// What a cluster looks like from outside: addresses that survive a host, balancers that hold them, nodes behind.
///
/// A plan that exists is whole and consistent: ``init(yaml:)`` makes one or says everything that is wrong.
package struct ClusterPlan: Hashable, Sendable {
    /// What passes requests on.
    package enum Mode: String, CaseIterable, Sendable {
        /// HAProxy: requests and answers pass through the balancer, which retries and drains.
        case haproxy
        /// The kernel's IPVS with direct routing: answers go from the node to the client past the balancer.
        case lvs
    }

    /// What travels between clients and nodes.
    package enum Traffic: String, CaseIterable, Sendable {
        /// Plain HTTP all the way.
        case http
        /// TLS from the client to the node; the balancer sees bytes.
        case passthrough
        /// TLS from the client to the balancer, plain HTTP from there.
        case terminate
    }

    /// How a node comes to accept connections to an address that a balancer holds; for ``Mode/lvs``.
    package enum NodeSide: String, CaseIterable, Sendable {
        /// The firewall redirects them to the node's own port, as the guide to high availability does.
        case redirect
        /// The address stands on the loopback interface, and the kernel keeps quiet about it in ARP.
        case loopback
    }

    /// What a healthy node is, for ``Mode/lvs``.
    package enum Health: String, CaseIterable, Sendable {
        /// `/healthz` answers 200.
        case healthz
        /// Also what the guide's `check.sh` asks for: `/api/systeminfo` tells `registry_url`, and
        /// `/api/repositories/top` answers 200.
        case guide
    }

    /// One virtual router of VRRP: addresses of one family that move together.
    package struct VirtualRouter: Hashable, Sendable {
        /// 1 to 255; no other router in the network may have it.
        package let id: Int
        package let places: [NetworkPlace]

        var family: NetworkAddress.Family { places[0].address.family }
        var name: String { "HAVEN_\(id)" }
    }

    /// A host that can hold the addresses.
    package struct Balancer: Hashable, Sendable {
        package let name: String
        package let addresses: [NetworkAddress]
        package let interface: String
        /// 1 to 254; of the live ones the highest takes addresses that nobody holds.
        package let priority: Int
    }

    /// A host that runs Haven.
    package struct RegistryNode: Hashable, Sendable {
        package let name: String
        package let addresses: [NetworkAddress]
        package let port: Int
    }

    package let registry: RegistryURL
    package let mode: Mode
    package let traffic: Traffic
    package let advertInterval: AdvertInterval
    /// Whether a balancer that returns takes the addresses back from one that works.
    package let preempts: Bool
    /// The plain port that answers with a redirect to HTTPS; nil when there is none.
    package let redirectPort: Int?
    /// The most connections a balancer serves at once; for ``Mode/haproxy``.
    package let maxConnections: Int
    /// The file on the balancers with certificate, chain and key, for ``Traffic/terminate``.
    package let certificate: String?
    package let nodeSide: NodeSide
    package let health: Health
    package let virtualRouters: [VirtualRouter]
    package let balancers: [Balancer]
    package let nodes: [RegistryNode]
}

extension ClusterPlan {
    /// Every virtual address.
    var places: [NetworkPlace] { virtualRouters.flatMap(\.places) }

    /// The ports that clients reach at a virtual address, the registry's own first.
    var ports: [Int] { [registry.port] + (redirectPort.map { [$0] } ?? []) }

    /// The port of HAProxy's own health, on loopback: no node on a balancer's host can have it.
    static let balancerHealthPort = 8_404
}

extension ClusterPlan.Balancer {
    /// The first address of a family; a consistent plan has one for each family it uses.
    func address(_ family: NetworkAddress.Family) -> NetworkAddress? {
        addresses.first { $0.family == family }
    }
}

extension ClusterPlan.RegistryNode {
    /// The first address of a family.
    func address(_ family: NetworkAddress.Family) -> NetworkAddress? {
        addresses.first { $0.family == family }
    }
}
