// SPDX-License-Identifier: Apache-2.0
import Foundation

/// 127.0.0.1 with this port.
func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port)).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    return address
}

/// A connected blocking socket; silence of two minutes is an error.
func openSocket(port: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(port: port)
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard result == 0 else {
        close(descriptor)
        throw BenchmarkFailure("cannot connect to port \(port)")
    }
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    var patience = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return descriptor
}

/// A file's length in bytes.
func fileSize(_ path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw BenchmarkFailure("no file \(path)") }
    return Int(status.st_size)
}

/// A file in memory, shared by all threads that send it.
final class MappedFile: @unchecked Sendable {  // the mapping is read-only and lives as long as this object
    let bytes: UnsafeRawBufferPointer

    init(_ path: String) throws {
        let size = try fileSize(path)
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let address = mmap(nil, size, PROT_READ, MAP_SHARED | Int32(MAP_POPULATE), descriptor, 0)
        guard let address, address != MAP_FAILED else { throw BenchmarkFailure("cannot map \(path)") }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
