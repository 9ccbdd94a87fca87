// SPDX-License-Identifier: Apache-2.0
import TestKit

/// A switch and its cables, in network namespaces of their own: nothing of it is seen by the machine outside.
///
/// A cable is cut at the switch. At the host it would take the carrier away too, which a host notices; death is silent.
struct LabNetwork: Sendable {
    static let prefix = "hv"
    private static let control = Tool("ip")

    /// The namespace of a host.
    static func namespace(_ host: String) -> String { "\(prefix)-\(host)" }
    private static var network: String { namespace("switch") }

    /// The command after which another one runs in the network of a host, and in everything else of this process.
    static func entering(_ host: String) -> [String] { ["nsenter", "--net=/run/netns/\(namespace(host))", "--"] }

    /// Builds the switch and one cable for each host; what an earlier lab left is removed first.
    static func build() async throws {
        await remove()
        try await ip("netns", "add", network)
        try await ip(
            "-n", network, "link", "add", "br0", "type", "bridge", "forward_delay", "0", "stp_state", "0")
        try await ip("-n", network, "link", "set", "br0", "up")
        for host in LabAddress.hosts { try await connect(host.name, host.addresses) }
    }

    private static func connect(_ host: String, _ addresses: [String]) async throws {
        let own = namespace(host)
        try await ip("netns", "add", own)
        try await ip("-n", own, "link", "add", "eth0", "type", "veth", "peer", "name", host, "netns", network)
        try await ip("-n", network, "link", "set", host, "master", "br0", "up")
        try await ip("-n", own, "link", "set", "lo", "up")
        for address in addresses {
            try await ip("-n", own, "addr", "add", "\(address)/\(LabAddress.prefix)", "dev", "eth0")
        }
        try await ip("-n", own, "link", "set", "eth0", "up")
    }

    /// Gives a host that is switched on the addresses of its settings and no others, and puts its plug in.
    static func reset(_ host: String) async throws {
        let own = namespace(host)
        let addresses = LabAddress.hosts.first { $0.name == host }?.addresses ?? []
        try await ip("-n", own, "addr", "flush", "dev", "eth0")
        for address in addresses {
            try await ip("-n", own, "addr", "add", "\(address)/\(LabAddress.prefix)", "dev", "eth0")
        }
        try await mend(host)
    }

    /// Removes all namespaces, with everything in them.
    static func remove() async {
        for name in LabAddress.hosts.map({ namespace($0.name) }) + [network] {
            // Absent ones are no failure.
            _ = try? await control.run(["netns", "del", name])
        }
    }

    /// Pulls the plug of a host out of the switch.
    static func cut(_ host: String) async throws { try await ip("-n", network, "link", "set", host, "down") }

    /// Puts the plug of a host in again.
    static func mend(_ host: String) async throws { try await ip("-n", network, "link", "set", host, "up") }

    /// Lets nothing pass between two hosts, which both still reach all others.
    static func split(_ one: String, _ other: String) async throws {
        let rules = """
            table bridge split {
                chain forward {
                    type filter hook forward priority 0; policy accept;
                    iifname "\(one)" oifname "\(other)" drop
                    iifname "\(other)" oifname "\(one)" drop
                }
            }
            """
        try await control.check(["netns", "exec", network, "nft", "-f", "-"], input: rules)
    }

    /// Ends a split.
    static func heal() async throws {
        try await control.check(["netns", "exec", network, "nft", "delete", "table", "bridge", "split"])
    }

    @discardableResult
    static func ip(_ arguments: String...) async throws -> String { try await control.check(arguments) }
}
