// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTPTypes

/// Hands the parts of an answer to the HTTP/2 stream's codec, which knows no file regions.
final class HTTP2AnswerCodec: ChannelOutboundHandler {
    typealias OutboundIn = AnswerPart
    typealias OutboundOut = HTTPResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .bytes(let bytes): context.write(wrapOutboundOut(.body(bytes)), promise: promise)
        case .file: promise?.fail(MessageFault.badMessage)  // never sent here: ExchangeHandler.sendsFiles is false
        case .end: context.write(wrapOutboundOut(.end(nil)), promise: promise)
        }
    }
}
