// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import NIOSSL

/// An HTTP/2 client that sends frames as a bad client would.
final class RawHTTP2Client: Sendable {
    private let channel: any Channel

    private final class End: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    /// - Parameter window: How many bytes of an answer the server may send unasked.
    init(port: Int, authority: String, window: UInt16 = 65_535) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(authority)
        configuration.applicationProtocols = ["h2"]
        let tls = try NIOSSLContext(configuration: configuration)
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    try channel.pipeline.syncOperations.addHandler(End())
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let settings = Self.frame(4, 0, 0, [0, 4, 0, 0, UInt8(window >> 8), UInt8(window & 255)])
        try await channel.writeAndFlush(ByteBuffer(bytes: Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings))
    }

    /// Opens streams with `GET /hello` and resets each at once.
    func resetStreams(_ count: Int) async throws {
        for stream in 0..<UInt32(count) {
            let bytes = Self.request(stream) + Self.frame(3, 0, stream * 2 + 1, [0, 0, 0, 8])
            guard (try? await channel.writeAndFlush(ByteBuffer(bytes: bytes))) != nil else { return }
        }
    }

    /// Opens a stream with `GET /hello`.
    func ask() async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: Self.request(0)))
    }

    private static func request(_ number: UInt32) -> [UInt8] {
        // :method GET, :scheme https, :path and :authority as literals without indexing: RFC 7541, section 6.2.2
        let head: [UInt8] = [0x82, 0x87, 0x04, 6] + Array("/hello".utf8) + [0x01, 9] + Array("localhost".utf8)
        return frame(1, 5, number * 2 + 1, head)
    }

    func isCutOff() async throws -> Bool {
        try await poll("the connection to be cut") { !self.channel.isActive }
        return true
    }

    private static func frame(_ kind: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        let head = [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), kind, flags]
        return head + (0..<4).map { UInt8(stream >> (24 - 8 * UInt32($0)) & 255) } + payload
    }
}
