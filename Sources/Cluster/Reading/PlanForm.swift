// SPDX-License-Identifier: Apache-2.0

/// How the text of one value is read, and how to say what is accepted.
struct PlanForm<Value> {
    let accepts: String
    let read: (String) -> Value?

    init(_ accepts: String, _ read: @escaping (String) -> Value?) {
        self.accepts = accepts
        self.read = read
    }
}

extension PlanForm where Value: RawRepresentable<String> & CaseIterable {
    /// One word of a list.
    static var word: PlanForm {
        PlanForm(Value.allCases.map(\.rawValue).joined(separator: " or "), Value.init(rawValue:))
    }
}

extension PlanForm where Value == Int {
    /// A whole number within limits.
    static func number(_ range: ClosedRange<Int>) -> PlanForm {
        PlanForm("a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            let isNumber = (1...9).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return isNumber ? Int(text).flatMap { range.contains($0) ? $0 : nil } : nil
        }
    }

    /// A TCP port.
    static var port: PlanForm { .number(1...65_535) }
}

extension PlanForm where Value == Bool {
    /// `true` or `false`, the only spellings that every version of YAML reads alike.
    static var flag: PlanForm { PlanForm("true or false") { ["true": true, "false": false][$0] } }
}

extension PlanForm where Value == String {
    /// The name of a host, which also names its folder in the rendering.
    static var hostName: PlanForm {
        PlanForm("a host name: letters, digits, inner hyphens and dots, at most 253 bytes") {
            HostName.isOne($0) ? $0 : nil
        }
    }

    /// The name of a network interface: what the kernel takes, without what would end a word in a file.
    static var interface: PlanForm {
        PlanForm("the name of an interface such as eth0: 1 to 15 letters, digits, dots, hyphens, underscores") { text in
            let isPlain = text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                    || [0x2d, 0x2e, 0x5f].contains($0)
            }
            return (1...15).contains(text.utf8.count) && isPlain && text != "." && text != ".." ? text : nil
        }
    }

    /// A whole path, in characters that need no quotes in any of the files.
    static var path: PlanForm {
        PlanForm("a whole path such as /etc/haproxy/tls/registry.pem, of letters, digits and . _ - /") { text in
            let isPlain = text.utf8.allSatisfy {
                (0x2d...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x5f
            }
            return text.hasPrefix("/") && (2...255).contains(text.utf8.count) && isPlain ? text : nil
        }
    }
}

extension PlanForm where Value == NetworkAddress {
    /// The address of a host.
    static var address: PlanForm {
        PlanForm("the IPv4 or IPv6 address of one host, without prefix and port") {
            NetworkAddress($0).flatMap { $0.isUsable ? $0 : nil }
        }
    }
}

extension PlanForm where Value == NetworkPlace {
    /// A virtual address and its network.
    static var place: PlanForm {
        PlanForm("an address with the length of its network's prefix, such as 192.168.1.220/24 or fd00::220/64") {
            NetworkPlace($0).flatMap { $0.address.isUsable ? $0 : nil }
        }
    }
}

extension PlanForm where Value == AdvertInterval {
    /// The time between adverts.
    static var interval: PlanForm {
        PlanForm("a time from 100ms to 10s in steps of 10ms, such as 200ms or 1s", AdvertInterval.init)
    }
}

extension PlanForm where Value == RegistryURL {
    /// The address that clients use.
    static var registry: PlanForm {
        PlanForm("http:// or https://, a host name or address, and :port if need be; nothing behind", RegistryURL.init)
    }
}
