// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A TCP port of the loopback interface that nothing listened on a moment ago.
///
/// Only for programs that must be told a port; what can bind port 0 should.
package func freePort() throws -> Int {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw ToolFailure(what: "no socket: errno \(errno)") }
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(socket, generic, length) == 0 && getsockname(socket, generic, &length) == 0
        }
    }
    guard bound else { throw ToolFailure(what: "no free port: errno \(errno)") }
    return Int(UInt16(bigEndian: address.sin_port))
}
