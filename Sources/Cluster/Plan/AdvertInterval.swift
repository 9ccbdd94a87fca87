// SPDX-License-Identifier: Apache-2.0

/// The time between two signs of life of the balancer that holds the address.
///
/// VRRP counts it in hundredths of a second (RFC 5798, section 5.2.7). After three of them are missing another takes over.
package struct AdvertInterval: Hashable, Sendable, CustomStringConvertible {
    /// In hundredths of a second.
    package let centiseconds: Int

    /// Measured: the address moves within 0.7 s of a host's death, and a busy host is not taken for a dead one.
    package static let standard = AdvertInterval(centiseconds: 20)

    private init(centiseconds: Int) {
        self.centiseconds = centiseconds
    }

    /// Reads `200ms`, `0.2s` or `1s`; nil when it is no such text or not from 100 ms to 10 s in steps of 10 ms.
    ///
    /// keepalived itself would accept less than 100 ms; a pause of the scheduler would then move the address.
    package init?(_ text: String) {
        guard let milliseconds = Self.milliseconds(text), (100...10_000).contains(milliseconds), milliseconds % 10 == 0
        else { return nil }
        centiseconds = milliseconds / 10
    }

    /// In seconds, as keepalived writes it: `0.2`, `1`.
    var seconds: String {
        let rest = centiseconds % 100
        if rest == 0 { return "\(centiseconds / 100)" }
        return "\(centiseconds / 100)." + (rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")
    }

    package var description: String { "\(centiseconds * 10)ms" }

    private static func milliseconds(_ text: String) -> Int? {
        if text.hasSuffix("ms") { return digits(text.dropLast(2)) }
        guard text.hasSuffix("s") else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = digits(parts[0]) else { return nil }
        guard parts.count == 2 else { return whole * 1_000 }
        guard (1...3).contains(parts[1].utf8.count), let rest = digits(parts[1]) else { return nil }
        return whole * 1_000 + rest * [100, 10, 1][parts[1].utf8.count - 1]
    }

    private static func digits(_ text: Substring) -> Int? {
        let isNumber = (1...6).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? Int(text) : nil
    }
}
