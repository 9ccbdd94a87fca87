// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// The two sockets of one proxied connection. Two threads use it, one for each direction.
final class FaultProxyLink: Sendable {
    private let client: Int32
    private let server: Int32
    private let pumps = Atomic<Int>(2)
    private let mute = Atomic<Bool>(false)
    private let still = Atomic<Bool>(false)
    private let isClosed = Mutex(false)

    init(client: Int32, server: Int32) {
        (self.client, self.server) = (client, server)
    }

    /// Whether what arrives is thrown away.
    var isMute: Bool { mute.load(ordering: .relaxed) }
    /// Whether neither side hears of the other any more, not even that it has ended.
    var isStill: Bool { still.load(ordering: .relaxed) }

    /// From now on nothing goes on in either direction.
    func freeze() {
        mute.store(true, ordering: .relaxed)
        still.store(true, ordering: .relaxed)
    }

    /// The next bytes of a direction; nil when its sender ended.
    func read(_ direction: FaultProxy.Direction) -> [UInt8]? {
        LoopbackSocket.read(direction == .toServer ? client : server)
    }

    /// - Returns: Whether the receiver still takes bytes.
    func write(_ bytes: [UInt8], _ direction: FaultProxy.Direction) -> Bool {
        LoopbackSocket.write(bytes, to: direction == .toServer ? server : client)
    }

    /// Ends both sides; the sockets stay open until both threads are done. After that their numbers may be another link's.
    func cut() {
        isClosed.withLock { isClosed in
            if isClosed { return }
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
    }

    func cutSender(of direction: FaultProxy.Direction) {
        mute.store(true, ordering: .relaxed)
        shutdown(direction == .toServer ? client : server, Int32(SHUT_RDWR))
    }

    /// Waits until the receiver has answered, at most one second, without taking the answer.
    func awaitAnswer(to direction: FaultProxy.Direction) {
        var waiting = pollfd(fd: direction == .toServer ? server : client, events: Int16(POLLIN), revents: 0)
        // The other thread may take the answer first and throw it away; then the end of the wait is the timeout.
        _ = poll(&waiting, 1, 1_000)
    }

    /// Says that one direction is done.
    ///
    /// - Returns: Whether both are; the sockets are closed then.
    func finish() -> Bool {
        guard pumps.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return false }
        isClosed.withLock { isClosed in
            isClosed = true
            close(client)
            close(server)
        }
        return true
    }
}

/// Blocking sockets of 127.0.0.1.
enum LoopbackSocket {
    /// - Returns: A listening socket and its port.
    static func listen() throws -> (socket: Int32, port: Int) {
        let listener = try make()
        var address = address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(listener, $0, length) == 0 && Glibc.listen(listener, 128) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw ToolFailure(what: "no port to listen on: \(String(cString: strerror(errno)))") }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    static func connect(to port: Int) -> Int32? {
        guard let socket = try? make() else { return nil }
        var address = address(port: port)
        let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isConnected { return socket }
        close(socket)
        return nil
    }

    /// The next client; nil when the listener was shut down, which closes it.
    static func accept(_ listener: Int32) -> Int32? {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            if client >= 0 {
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                var on: Int32 = 1
                setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
                return client
            }
            if errno == EINTR || errno == ECONNABORTED { continue }
            close(listener)
            return nil
        }
    }

    static func read(_ socket: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count > 0 { return Array(buffer.prefix(count)) }
            if count == 0 || errno != EINTR { return nil }
        }
    }

    static func write(_ bytes: [UInt8], to socket: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    static func end(_ socket: Int32) {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    private static func make() throws -> Int32 {
        let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0 else { throw ToolFailure(what: "no socket: \(String(cString: strerror(errno)))") }
        var on: Int32 = 1
        setsockopt(made, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return made
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
