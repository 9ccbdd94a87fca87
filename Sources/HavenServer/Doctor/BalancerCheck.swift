// SPDX-License-Identifier: Apache-2.0

/// What a host needs to be a balancer with a virtual address, as the guide to high availability has it.
package enum BalancerCheck {
    /// Kernel settings that must be 1, and why.
    private static let switches = [
        ("net.ipv4.ip_forward", "packets for the nodes are not passed on"),
        ("net.ipv4.ip_nonlocal_bind", "the balancer cannot listen on an address that the other one holds"),
    ]

    /// - Parameter root: Where the kernel shows its settings.
    package static func findings(root: String = "/proc/sys") -> [Finding] {
        switches.map { name, consequence in
            let path = root + "/" + name.replacing(".", with: "/")
            let value = SmallFile.read(path, atMost: 64).map {
                String(decoding: $0, as: UTF8.self).prefix { $0 != "\n" }
            }
            if value == "1" { return Finding(.good, "balancer", "\(name) = 1") }
            return Finding(
                .fault, "balancer",
                "\(name) = \(value ?? "unknown"): \(consequence); add \(name) = 1 to /etc/sysctl.conf and run sysctl -p"
            )
        }
    }
}
