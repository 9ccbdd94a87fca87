// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Takes the PROXY header off a connection from a trusted proxy; a connection that has none, or a wrong one, is closed.
///
/// It stands before TLS, for the header is not encrypted. The time it may take is part of the time for the first head.
final class ProxyProtocolHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let peer: PeerView
    private var buffer = ByteBuffer()
    private var isRefused = false

    init(peer: PeerView) {
        self.peer = peer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        buffer.writeImmutableBuffer(unwrapInboundIn(data))
        switch ProxyHeader.read(Array(buffer.readableBytesView)) {
        case .incomplete: break
        case .invalid:
            isRefused = true
            context.close(promise: nil)
        case .header(let header):
            if let address = header.address { peer.set(address: address, isSecure: header.isSecure) }
            buffer.moveReaderIndex(forwardBy: header.length)
            if buffer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(buffer)) }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }
}
