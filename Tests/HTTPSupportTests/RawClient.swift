// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A client that sends bytes as they are and shows what came back.
final class RawClient: Sendable {
    private let channel: any Channel
    private let received: Received

    private final class Received: Sendable {
        let state = Mutex<(bytes: [UInt8], isEnded: Bool)>(([], false))
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let received: Received
        init(_ received: Received) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            buffer.withUnsafeReadableBytes { bytes in received.state.withLock { $0.bytes.append(contentsOf: bytes) } }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { received.state.withLock { $0.isEnded = true } }
        }

        func channelInactive(context: ChannelHandlerContext) {
            received.state.withLock { $0.isEnded = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    init(port: Int) async throws {
        let received = Received()
        self.received = received
        channel = try await Self.bootstrap(received).connect(host: "127.0.0.1", port: port).get()
    }

    init(socket path: String) async throws {
        let received = Received()
        self.received = received
        channel = try await Self.bootstrap(received).connect(unixDomainSocketPath: path).get()
    }

    private static func bootstrap(_ received: Received) -> ClientBootstrap {
        ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(received))
                }
            }
    }

    /// Sends text in which lines end with CR LF, however they are written here.
    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text.replacing("\n", with: "\r\n")))
    }

    func send(bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    func startReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    /// Takes one piece, after ``stopReading()``.
    func readOnce() { channel.read() }

    /// Leaves without a goodbye, as a process that is killed with unread data.
    func reset() async throws {
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }

    func closeOutput() async throws {
        try await channel.close(mode: .output)
    }

    func close() async throws {
        try await channel.close()
    }

    /// Everything received so far.
    var bytes: [UInt8] { received.state.withLock { $0.bytes } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var isEnded: Bool { received.state.withLock { $0.isEnded } }

    /// Waits for a piece of text.
    func read(until mark: String, within time: Duration = .seconds(20)) async throws -> String {
        try await poll("\(mark) in the answer", within: time) { self.text.contains(mark.replacing("\n", with: "\r\n")) }
        return text
    }

    /// Waits for a number of bytes in all.
    func read(count: Int, within time: Duration = .seconds(20)) async throws -> [UInt8] {
        try await poll("\(count) bytes", within: time) { self.bytes.count >= count }
        return bytes
    }

    /// Waits until the server ended the connection.
    func readToEnd(within time: Duration = .seconds(20)) async throws -> String {
        try await poll("the end of the connection", within: time) { self.isEnded }
        return text
    }
}

/// Waits for a condition, but not for ever.
func poll(
    _ what: String, within time: Duration = .seconds(20), _ condition: @Sendable () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + time
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TimedOut(what: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

struct TimedOut: Error {
    let what: String
}
