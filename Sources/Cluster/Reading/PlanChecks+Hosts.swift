// SPDX-License-Identifier: Apache-2.0

/// Who has which name and address, and who reaches whom.
extension PlanChecks {
    private struct Host {
        let key: String
        let name: String
        let addresses: [NetworkAddress]
        let isBalancer: Bool
    }

    private var hosts: [Host] {
        draft.balancers.map {
            Host(key: $0.key, name: $0.value.name, addresses: $0.value.addresses, isBalancer: true)
        }
            + draft.nodes.map {
                Host(key: $0.key, name: $0.value.name, addresses: $0.value.addresses, isBalancer: false)
            }
    }

    /// A node may be a balancer too, in mode haproxy; then name and addresses are the same in both lists.
    func checkNames(_ reader: inout PlanReader) {
        for (place, host) in hosts.enumerated() {
            guard let other = hosts.prefix(place).first(where: { $0.name.lowercased() == host.name.lowercased() })
            else { continue }
            if host.isBalancer == other.isBalancer {
                reader.fault("\(host.key).name", "\(host.name) is the name of \(other.key) too; give each its own")
            } else if draft.modeInForce == .lvs {
                reader.fault(
                    "\(host.key).name",
                    "\(host.name) is also \(other.key), and in mode lvs a balancer that is a node "
                        + "sends packets round in circles; take other hosts, or mode: haproxy")
            } else if host.name != other.name || Set(host.addresses) != Set(other.addresses) {
                reader.fault(
                    "\(host.key).address",
                    "\(host.name) is also \(other.key), with other addresses; write the same, or "
                        + "give it another name")
            }
        }
    }

    func checkAddresses(_ reader: inout PlanReader) {
        var owners: [NetworkAddress: Host] = [:]
        for host in hosts {
            for address in host.addresses {
                guard let other = owners[address] else {
                    owners[address] = host
                    continue
                }
                if other.name.lowercased() != host.name.lowercased() {
                    reader.fault("\(host.key).address", "\(address) is that of \(other.key) too; give each its own")
                } else if other.key == host.key {
                    reader.fault("\(host.key).address", "\(address) stands twice; keep one")
                }
            }
        }
        checkVirtualAddresses(owners.mapValues(\.key), &reader)
    }

    private func checkVirtualAddresses(_ owners: [NetworkAddress: String], _ reader: inout PlanReader) {
        var seen: [NetworkAddress: String] = [:]
        for entry in draft.virtualRouters {
            for address in entry.value.places.map(\.address) {
                if let owner = owners[address] {
                    reader.fault(
                        "\(entry.key).address", "\(address) is the own address of \(owner); take one that no host has")
                }
                if let other = seen[address] {
                    reader.fault("\(entry.key).address", "\(address) stands in \(other) already; keep one")
                }
                seen[address] = entry.key
            }
        }
    }

    /// VRRP and ARP end at the network's border: who holds an address must be in its network. With direct routing the nodes
    /// must be there too.
    func checkReach(_ reader: inout PlanReader) {
        let direct = draft.modeInForce == .lvs
        for entry in draft.virtualRouters {
            let families = Set(entry.value.places.map(\.address.family))
            for host in hosts where host.isBalancer || direct {
                let reachable = entry.value.places.filter { place in host.addresses.contains(where: place.reaches) }
                for family in NetworkAddress.Family.allCases where families.contains(family) {
                    if !host.addresses.contains(where: { $0.family == family }) {
                        reader.fault(
                            "\(host.key).address",
                            "has no \(family.rawValue) address, and \(entry.key) is one; list one of each")
                    } else if let place = entry.value.places.first(where: {
                        $0.address.family == family && !reachable.contains($0)
                    }) {
                        reader.fault(
                            "\(entry.key).address",
                            "\(place) is not in one network with \(host.key) "
                                + "(\(host.addresses.map(\.description).joined(separator: ", "))); correct the address, "
                                + "or the length of the prefix")
                    }
                }
            }
        }
    }
}
