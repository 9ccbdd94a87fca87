// SPDX-License-Identifier: Apache-2.0

/// The addresses of the picture in docs/guides/ha-install.md.
enum LabAddress {
    static let prefix = 24
    static let virtual = "192.168.1.220"

    /// The hosts in the order in which they are switched on, each with its addresses.
    static let hosts: [(name: String, addresses: [String])] = [
        ("services", ["192.168.1.215", "192.168.1.213", "192.168.1.214", "192.168.1.216", "192.168.1.217"]),
        ("lb1", ["192.168.1.211"]), ("lb2", ["192.168.1.212"]),
        ("node1", ["192.168.1.201"]), ("node2", ["192.168.1.202"]), ("node3", ["192.168.1.203"]),
        ("client", ["192.168.1.100"]),
    ]
    static let nodes = ["node1", "node2", "node3"]
    static let balancers = ["lb1", "lb2"]

    /// The first address of a host.
    static func of(_ host: String) -> String {
        hosts.first { $0.name == host }?.addresses[0] ?? ""
    }
}
