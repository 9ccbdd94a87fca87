// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The part of a client's address that one person cannot change at will: all of an IPv4 address, the first 64 bits of
/// an IPv6 address.
func addressKey(_ address: String) -> String {
    var bytes = in6_addr()
    guard address.contains(":"), inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
    let all = withUnsafeBytes(of: bytes) { Array($0) }
    let isMapped = all[..<10].allSatisfy { $0 == 0 } && all[10] == 255 && all[11] == 255
    if isMapped { return all[12...].map(String.init).joined(separator: ".") }
    return Base64URL.encode(all[..<8])
}
