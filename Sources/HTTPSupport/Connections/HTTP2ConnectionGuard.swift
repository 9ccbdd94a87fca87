// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP2

/// Closes an HTTP/2 connection that broke the protocol, or that keeps no stream open for too long.
///
/// NIO's own management handler says goodbye politely (RFC 9113, section 6.8) and then waits for the client's word, for
/// ever; it does not watch connections that never open a stream, and it leaves errors to others.
final class HTTP2ConnectionGuard: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let limits: ConnectionLimits
    private var context: ChannelHandlerContext?
    private var streams = 0
    private var isEnding = false
    private var watchdog = Watchdog()
    private var onWake: @Sendable () -> Void = {}

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        onWake = { me.value.woke() }
        watchdog.set(.now() + TimeAmount(limits.headTimeout), on: context.eventLoop, onWake)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        watchdog.cancel()
        onWake = {}  // it holds this handler
        self.context = nil
    }

    fileprivate func streamCreated() {
        streams += 1
        watchdog.clear()
    }

    fileprivate func streamClosed() {
        streams -= 1
        waitForStreams()
    }

    private func waitForStreams() {
        guard streams == 0, let context else { return }
        // The goodbye is said after the keep-alive time; the client gets a little longer to answer it.
        let patience = isEnding ? limits.lingerTimeout : limits.keepAliveTimeout + limits.lingerTimeout
        watchdog.set(.now() + TimeAmount(patience), on: context.eventLoop, onWake)
    }

    private func woke() {
        guard let context, watchdog.isDue(on: context.eventLoop, onWake) else { return }
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isEnding = true
            waitForStreams()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Faults of one stream end that stream; whatever else arrives here, the connection cannot go on.
        if !(error is NIOHTTP2Errors.StreamError) { context.close(promise: nil) }
    }
}

/// Tells both guards of a connection about its streams.
struct StreamWatch: NIOHTTP2StreamDelegate {
    private let guardian: NIOLoopBound<HTTP2ConnectionGuard>
    private let manager: NIOHTTP2ServerConnectionManagementHandler.HTTP2StreamDelegate

    init(
        _ guardian: HTTP2ConnectionGuard, _ manager: NIOHTTP2ServerConnectionManagementHandler, on loop: any EventLoop
    ) {
        self.guardian = NIOLoopBound(guardian, eventLoop: loop)
        self.manager = manager.http2StreamDelegate
    }

    func streamCreated(_ id: HTTP2StreamID, channel: any Channel) {
        guardian.value.streamCreated()
        manager.streamCreated(id, channel: channel)
    }

    func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {
        guardian.value.streamClosed()
        manager.streamClosed(id, channel: channel)
    }
}
