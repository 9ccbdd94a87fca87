// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypesHTTP2
import NIOSSL
import NIOTLS

/// Puts together the handlers of a listener's connections.
struct ConnectionAssembly: Sendable {
    let listener: ListenerConfiguration
    let service: ConnectionService

    func initialize(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let view = ClientView(
                address: channel.remoteAddress?.peerName ?? "unix", scheme: isSecure ? "https" : "http",
                host: localHost(channel))
            let peer = PeerView(view)
            let pipeline = channel.pipeline.syncOperations
            if listener.speaksProxyProtocol, service.proxies.contains(view.address) {
                try pipeline.addHandler(ProxyProtocolHandler(peer: peer))
            }
            if case .secure(_, let certificates) = listener.role {
                try pipeline.addHandler(HandshakeGuard(timeout: service.limits.headTimeout))
                try pipeline.addHandler(NIOSSLServerHandler(context: certificates.context))
                try pipeline.addHandler(negotiation(channel, peer))
            } else {
                try addHTTP1(channel, peer)
            }
        }
    }

    private var isSecure: Bool {
        if case .secure = listener.role { true } else { false }
    }

    /// What HTTP/1.0 clients without a Host header get as the server's name.
    private func localHost(_ channel: any Channel) -> String {
        guard let address = channel.localAddress, let ip = address.ipAddress, let port = address.port else {
            return "localhost"
        }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }

    private func addHTTP1(_ channel: any Channel, _ peer: PeerView) throws {
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = service.limits.headerFieldBytes
        decoderLimits.maxHeaderListSize = service.limits.headerBytes
        decoderLimits.maxHeaderFieldCount = service.limits.headerFields
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoderLimits)
        try pipeline.addHandler(HTTP1Codec(scheme: isSecure ? "https" : "http"))
        try pipeline.addHandler(
            ExchangeHandler(
                service: service, peer: peer, sendsFiles: !isSecure, isStream: false,
                executor: LoopExecutor(channel.eventLoop)))
    }

    private func negotiation(_ channel: any Channel, _ peer: PeerView) -> ApplicationProtocolNegotiationHandler {
        ApplicationProtocolNegotiationHandler { result, channel in
            channel.eventLoop.makeCompletedFuture {
                switch result {
                case .negotiated("h2"): try addHTTP2(channel, peer)
                default: try addHTTP1(channel, peer)
                }
            }
        }
    }

    private func addHTTP2(_ channel: any Channel, _ peer: PeerView) throws {
        // The streams know their own ends; the connection has no use for a side that only listens.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        let limits = service.limits
        let executor = LoopExecutor(channel.eventLoop)
        let manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(
                maxIdleTime: TimeAmount(limits.keepAliveTimeout), maxAge: nil, maxGraceTime: nil, keepalive: nil))
        let guardian = HTTP2ConnectionGuard(limits: limits)
        _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: HTTP2Limits.connection(limits),
            streamConfiguration: HTTP2Limits.stream(limits),
            streamDelegate: StreamWatch(guardian, manager, on: channel.eventLoop)
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let pipeline = stream.pipeline.syncOperations
                try pipeline.addHandler(HTTP2FramePayloadToHTTPServerCodec())
                try pipeline.addHandler(HTTP2AnswerCodec())
                try pipeline.addHandler(
                    ExchangeHandler(service: service, peer: peer, sendsFiles: false, isStream: true, executor: executor)
                )
            }
        }
        try channel.pipeline.syncOperations.addHandlers([manager, guardian])
    }
}
