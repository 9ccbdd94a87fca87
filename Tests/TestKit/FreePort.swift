// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A TCP port on which nothing listened a moment ago, on 127.0.0.1 and on ::1, and that was not given away before.
///
/// Only for programs that must be told a port; what can bind port 0 should. The port lies below those that the kernel
/// gives to outgoing connections, so that no client takes it before the program does. No two callers get the same one: a
/// server that a test kills and starts again would find another test's server in its place.
package func freePort() throws -> Int {
    for _ in 0..<200 {
        let port = UInt16.random(in: 12_000..<32_000)
        guard givenPorts.withLock({ $0.insert(port).inserted }) else { continue }
        if canBind(port, AF_INET), canBind(port, AF_INET6) { return Int(port) }
    }
    throw ToolFailure(what: "no free port between 12000 and 32000")
}

/// All ports that this process has given away or found taken.
private let givenPorts = Mutex<Set<UInt16>>([])

private func canBind(_ port: UInt16, _ family: Int32) -> Bool {
    let socket = Glibc.socket(family, Int32(SOCK_STREAM.rawValue), 0)
    // A machine without this family has no listener on it either.
    guard socket >= 0 else { return true }
    defer { close(socket) }
    if family == AF_INET {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return bind(socket, &address)
    }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    address.sin6_addr = in6addr_loopback
    return bind(socket, &address) || errno == EADDRNOTAVAIL
}

private func bind<Address>(_ socket: Int32, _ address: inout Address) -> Bool {
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            Glibc.bind(socket, generic, socklen_t(MemoryLayout<Address>.size)) == 0
        }
    }
}
