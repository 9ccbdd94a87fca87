// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore

/// Tells a client that takes an answer slowly from one that takes nothing.
///
/// A write ends only when the kernel has all of it, and a window of a file may be long: meanwhile the kernel is asked how many
/// bytes the client has acknowledged. Asked seldom, and only of clients that are behind.
struct ClientProgress {
    private var watchdog = Watchdog()
    private var last: (bytes: UInt64, at: NIODeadline)?

    /// Asks for a look after `interval`.
    ///
    /// - Parameter onWake: Called on the loop; it shall call ``isDue(on:_:)`` and look when that says so.
    mutating func watch(every interval: TimeAmount, on loop: any EventLoop, _ onWake: @escaping @Sendable () -> Void) {
        watchdog.set(.now() + interval, on: loop, onWake)
    }

    mutating func isDue(on loop: any EventLoop, _ onWake: @escaping @Sendable () -> Void) -> Bool {
        watchdog.isDue(on: loop, onWake)
    }

    /// Whether the client took at least `rate` bytes a second since it was last seen to.
    ///
    /// - Parameter taken: All that it ever took of the connection, in bytes; nil when that is not known.
    mutating func hasMoved(_ taken: UInt64?, rate: Int, now: NIODeadline = .now()) -> Bool {
        guard let taken else { return false }
        guard let before = last else {
            last = (taken, now)
            return false
        }
        let needed = Int64(rate) * (now - before.at).nanoseconds / 1_000_000_000
        guard taken > before.bytes, taken - before.bytes >= UInt64(max(0, needed)) else { return false }
        last = (taken, now)
        return true
    }

    /// The client took all that waited.
    mutating func clear() {
        watchdog.clear()
        last = nil
    }

    mutating func cancel() { watchdog.cancel() }

    /// How many bytes the client's side of a TCP connection has acknowledged; nil for Unix sockets and HTTP/2 streams. Called
    /// on the connection's loop.
    static func taken(by channel: (any Channel)?) -> UInt64? {
        guard let socket = channel as? any SocketOptionProvider else { return nil }
        let asked: EventLoopFuture<KernelInformation> = socket.unsafeGetSocketOption(level: .tcp, name: .tcp_info)
        let answer = NIOLoopBoundBox<UInt64?>(nil, eventLoop: asked.eventLoop)
        // On the loop the answer is there at once.
        asked.whenSuccess { answer.value = $0.acknowledgedBytes }
        return answer.value
    }
}

/// The kernel's `struct tcp_info` up to `tcpi_bytes_acked` (linux/tcp.h, since Linux 4.1), which the C library's header lacks.
private struct KernelInformation: Sendable {
    private typealias EightBytes = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    private var first: EightBytes
    private var then: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    let acknowledgedBytes: UInt64
}
