// SPDX-License-Identifier: Apache-2.0

import Glibc

extension SettingForm where Value == String {
    /// Any text on one line.
    package static var line: SettingForm {
        SettingForm("text on one line") {
            $0.hasControlCharacters ? nil : $0
        } text: {
            $0
        }
    }

    /// The path of a file or a folder.
    package static var path: SettingForm {
        SettingForm("a path, at most 4,095 bytes, without control characters") { text in
            text.isEmpty || text.utf8.count > 4_095 || text.hasControlCharacters ? nil : text
        } text: {
            $0
        }
    }

    /// A host name or an IP address, without scheme and port.
    package static var host: SettingForm {
        SettingForm("a host name or an IP address, without scheme, port and path") { text in
            isHostName(text) || IPAddress(text) != nil ? text : nil
        } text: {
            $0
        }
    }

    /// A database's identifier.
    package static var identifier: SettingForm {
        SettingForm("1 to 63 letters, digits, - and _") { text in
            let isAllowed = text.utf8.allSatisfy { isLetterOrDigit($0) || [0x2d, 0x5f].contains($0) }
            return (1...63).contains(text.utf8.count) && isAllowed ? text : nil
        } text: {
            $0
        }
    }

    /// An address, or a range of addresses in prefix notation.
    package static var addressRange: SettingForm {
        SettingForm("an IP address or a range such as 10.0.0.0/8 or fd00::/8") {
            isAddressRange($0) ? $0 : nil
        } text: {
            $0
        }
    }
}

extension SettingForm where Value == [String: String] {
    /// `key: value` pairs with commas between, as Harbor writes the options of a storage driver.
    package static var pairs: SettingForm {
        SettingForm("pairs such as: rootdirectory: /srv/registry, maxthreads: 100") { text in
            var pairs: [String: String] = [:]
            for part in text.split(separator: ",", omittingEmptySubsequences: true) {
                guard let colon = part.firstIndex(of: ":") else { return nil }
                let key = part[..<colon].trimmed
                guard !key.isEmpty, pairs[key] == nil else { return nil }
                pairs[key] = part[part.index(after: colon)...].trimmed
            }
            return pairs
        } text: { pairs in
            // Shown, never read back, when an option is a secret.
            pairs.sorted { $0.key < $1.key }
                .map { "\($0.key): \(secretOptions.contains($0.key) ? "•••" : $0.value)" }
                .joined(separator: ", ")
        }
    }
}

/// Options of storage drivers that are secrets.
private let secretOptions: Set = [
    "password", "secretkey", "sessiontoken", "tempurlkey", "accountkey", "accesskeysecret", "keyfile", "credentials",
]

/// An IP address in its text form.
package struct IPAddress: Hashable, Sendable {
    /// 4 for IPv4, 6 for IPv6.
    package let version: Int

    /// Reads an IPv4 address in dotted form or an IPv6 address without brackets and zone.
    package init?(_ text: String) {
        var storage = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &storage) == 1 {
            version = 4
        } else if inet_pton(AF_INET6, text, &storage) == 1 {
            version = 6
        } else {
            return nil
        }
    }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: false
    }
}

/// RFC 1123, section 2.1: labels of letters, digits and inner hyphens.
private func isHostName(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
        let bytes = Array(label.utf8)
        guard (1...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isLetterOrDigit(first) && isLetterOrDigit(last)
            && bytes.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
}

private func isAddressRange(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let first = parts.first, parts.count <= 2, let address = IPAddress(String(first)) else { return false }
    guard parts.count == 2 else { return true }
    guard let bits = Int(parts[1]), !parts[1].hasPrefix("+") else { return false }
    return (0...(address.version == 4 ? 32 : 128)).contains(bits)
}
