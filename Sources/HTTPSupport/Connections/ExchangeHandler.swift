// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// The last handler of a connection or HTTP/2 stream: turns requests into exchanges, one after the other, and guards
/// the connection's time and memory.
///
/// It reads no further while a request body waits untaken or a pipelined request waits for its turn.
final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = AnswerPart
    typealias OutboundOut = AnswerPart

    private enum Phase {
        /// Between requests, or in one.
        case open
        /// The last answer is written and waits for the client to take it.
        case finishing
        /// The last answer is sent, the rest of its request is read and dropped; this many more bytes.
        case lingering(bytes: Int)
        case closed
    }

    /// Bytes of one request body that may wait for the handler.
    static let bodyBuffer = 128 * 1024

    let service: ConnectionService
    /// Whether file regions may be written: on HTTP/1 without TLS only.
    let sendsFiles: Bool
    private let isStream: Bool
    private let peer: PeerView
    private let executor: LoopExecutor
    private let memo = ConnectionMemo()
    private var context: ChannelHandlerContext?
    private var phase = Phase.open
    private var exchange: Exchange?
    /// Whether the end of the current request is still to come.
    private var isRequestOpen = false
    /// Parts of later requests; bounded, for reading stops while any waits.
    private var early = CircularBuffer<HTTPRequestPart>()
    private var isReadPending = false
    /// Whether answers wait for the client, and further requests for them.
    private var isBehind = false
    /// How long the client may take for the rest of the last answer.
    private var timeToTake = TimeAmount.seconds(10)
    private var closesAfterAnswer = false
    /// Whether the client will send nothing more.
    private var isInputClosed = false
    private var requests = 0
    private var readGuard = Watchdog()
    private var writeGuard = Watchdog()
    private var onReadGuard: @Sendable () -> Void = {}
    private var onWriteGuard: @Sendable () -> Void = {}

    /// - Parameters:
    ///   - peer: What the connection itself says of the client.
    ///   - isStream: Whether this is one stream of an HTTP/2 connection and ends with its first exchange.
    init(service: ConnectionService, peer: PeerView, sendsFiles: Bool, isStream: Bool, executor: LoopExecutor) {
        self.service = service
        self.peer = peer
        self.sendsFiles = sendsFiles
        self.isStream = isStream
        self.executor = executor
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        onReadGuard = { me.value.readGuardWoke() }
        onWriteGuard = { me.value.writeGuardWoke() }
        setReadDeadline(.now() + TimeAmount(service.limits.headTimeout))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        phase = .closed
        (onReadGuard, onWriteGuard) = ({}, {})  // they hold this handler
        readGuard.cancel()
        writeGuard.cancel()
        early.removeAll()
        exchange?.clientLeft()
        exchange = nil
        context = nil
    }

    // MARK: - Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch phase {
        case .closed: return
        case .finishing:
            if case .end = part { isRequestOpen = false }
        case .lingering: drop(part)
        case .open:
            if isBehind || !early.isEmpty || (exchange != nil && !isRequestOpen) {
                early.append(part)
            } else {
                receive(part)
            }
        }
    }

    private func receive(_ part: HTTPRequestPart) {
        switch part {
        case .head(let head): begin(head)
        case .body(let bytes):
            startIfNeeded()
            exchange?.receive(bytes)
        case .end:
            isRequestOpen = false
            exchange?.receiveEnd()
            startIfNeeded()
            if exchange?.isAnswered == true { next() }
        }
    }

    private func startIfNeeded() {
        guard let exchange, !exchange.isStarted else { return }
        readGuard.clear()
        exchange.start(on: executor)
    }

    private func begin(_ head: HTTPRequest) {
        guard let context else { return }
        readGuard.clear()
        requests += 1
        isRequestOpen = true
        let announcesBody = head.headerFields.announcesBody
        let exchange = Exchange(
            head: head, context: service.context(for: head, peer: peer.current, channel: context.channel, memo: memo),
            hasBody: announcesBody || isStream,
            responder: service.responder, limits: service.limits, connection: self, loop: context.eventLoop)
        self.exchange = exchange
        // Without a body the handler starts when the end has come, so that its answer finds the request complete.
        if announcesBody || head.headerFields.contains(.expect) {
            exchange.start(on: executor)
        } else {
            setReadDeadline(.now() + TimeAmount(service.limits.bodyIdleTimeout))
        }
    }

    /// Goes on with what came early, or waits for the next request.
    private func next() {
        exchange = nil
        if isStream { return phase = .closed }  // both sides ended the stream: it closes itself
        guard isWritable else { return fallBehind() }
        while case .open = phase, exchange == nil || isRequestOpen, let part = early.popFirst() { receive(part) }
        guard case .open = phase else { return }
        if exchange == nil {
            if isInputClosed || closesAfterAnswer { return close() }
            setReadDeadline(.now() + TimeAmount(service.limits.keepAliveTimeout))
        }
        resumeReading()
    }

    /// Waits with further requests until the client has taken its answers; else they would fill the memory.
    private func fallBehind() {
        isBehind = true
        setWriteDeadline(.now() + timeToTake)
    }

    private func catchUp() {
        if isBehind {
            isBehind = false
            setWriteDeadline(nil)
            next()
        } else {
            exchange?.clientCaughtUp()
        }
    }

    // MARK: - Reading

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { isReadPending = true }
    }

    private var mayRead: Bool {
        early.isEmpty && !isBehind && (exchange?.body.buffered ?? 0) < Self.bodyBuffer
    }

    func bodyWasTaken() {
        resumeReading()
    }

    private func resumeReading() {
        guard isReadPending, mayRead else { return }
        isReadPending = false
        context?.read()
    }

    // MARK: - Answers

    /// Decides whether the connection outlives this answer and says so in its head.
    func prepareHead(_ fields: inout HTTPFields, of exchange: Exchange) {
        if isStream { return }
        let isLast =
            service.isDraining || closesAfterAnswer || requests >= service.limits.requestsPerConnection ?? .max
            || exchange.head.headerFields.hasToken("close", in: .connection)
            || isRequestOpen && !exchange.isRestSmall(service.limits.keepAliveRemainder)
        guard isLast else { return }
        closesAfterAnswer = true
        fields[.connection] = "close"
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ part: AnswerPart, promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ClientGone())
            return
        }
        context.write(wrapOutboundOut(part), promise: promise)
    }

    func flush() {
        context?.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { catchUp() }
        context.fireChannelWritabilityChanged()
    }

    /// Ends an answer; what remains is the rest of the request, and the end of the connection if it is the last.
    func finish(_ exchange: Exchange) {
        writeGuard.clear()
        exchange.abandonBody()
        timeToTake = TimeAmount(service.limits.timeToTake(exchange.bodyBytesSent))
        if closesAfterAnswer, !isStream { return finishConnection() }
        isStream ? writeStreamEnd() : write(.end, promise: nil)
        flush()
        if !isRequestOpen {
            next()
        } else if isStream {
            linger()
        } else {
            setReadDeadline(.now() + TimeAmount(service.limits.lingerTimeout))
            resumeReading()
        }
    }

    /// Ends an answer on a stream. Streams are many, and what a client does not take of each stays in memory.
    private func writeStreamEnd() {
        guard let context else { return }
        setWriteDeadline(.now() + timeToTake)
        let promise = context.eventLoop.makePromise(of: Void.self)
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in me.value.setWriteDeadline(nil) }
        write(.end, promise: promise)
    }

    // MARK: - The end

    /// Ends the last answer and waits until the client has taken all of it: closing drops what is still unsent.
    private func finishConnection() {
        guard let context else { return }
        phase = .finishing
        early.removeAll()
        setReadDeadline(nil)
        setWriteDeadline(.now() + timeToTake)
        let promise = context.eventLoop.makePromise(of: Void.self)
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in me.value.lastAnswerIsSent() }
        write(.end, promise: promise)
        flush()
    }

    private func lastAnswerIsSent() {
        guard case .finishing = phase else { return }
        setWriteDeadline(nil)
        if isRequestOpen { linger() } else { close() }
    }

    /// Ends the sending side and reads on for a while: closing at once would answer the client's next bytes with a
    /// reset, and that makes its kernel forget the answer it has not read yet (RFC 9112, section 9.6).
    private func linger() {
        phase = .lingering(bytes: service.limits.lingerBytes)
        exchange = nil
        early.removeAll()
        setReadDeadline(.now() + TimeAmount(service.limits.lingerTimeout))
        if !isStream { context?.close(mode: .output, promise: nil) }
        resumeReading()
    }

    private func drop(_ part: HTTPRequestPart) {
        guard case .lingering(let bytes) = phase else { return }
        switch part {
        case .body(let buffer) where bytes > buffer.readableBytes:
            phase = .lingering(bytes: bytes - buffer.readableBytes)
        case .head: break
        case .end where isStream: phase = .closed
        default: close()
        }
    }

    private func close() {
        guard let context else { return }
        phase = .closed
        context.close(promise: nil)
    }

    func abort() {
        exchange = nil
        close()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            closesAfterAnswer = true
            if exchange == nil, early.isEmpty, !isBehind, case .open = phase { close() }
        case ChannelEvent.inputClosed:
            inputClosed()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// The client will send nothing more. It still gets the answers to what it sent whole.
    private func inputClosed() {
        if isStream { return }
        isInputClosed = true
        switch phase {
        case .lingering: close()
        case .finishing: isRequestOpen = false
        case .open where isRequestOpen:
            closesAfterAnswer = true
            guard let exchange, exchange.isStarted, !exchange.isAnswered else { return close() }
            exchange.failBody(BodyFault.cutShort)
        case .open where exchange == nil && !isBehind: close()
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let status = error.answerStatus else { return close() }
        guard case .open = phase else { return }  // what follows a broken message is dropped until it ends
        closesAfterAnswer = true
        if let exchange, exchange.isStarted {
            // The fault is in this request's body or in a later request; the answer under way goes out either way.
            exchange.failBody(BodyFault.malformed)
            if exchange.isAnswered { close() }
        } else {
            refuse(status)
        }
    }

    /// Answers a message that never became a request.
    private func refuse(_ status: HTTPResponse.Status) {
        service.responder.countRefused(status)
        let fields: HTTPFields = [.connection: "close", .contentLength: "0"]
        write(.head(HTTPResponse(status: status, headerFields: fields)), promise: nil)
        isRequestOpen = true  // nobody knows where it ends
        finishConnection()
    }

    // MARK: - Time

    /// - Parameter deadline: When the client must have sent something; nil for no limit.
    func setReadDeadline(_ deadline: NIODeadline?) {
        guard let context, let deadline else { return readGuard.clear() }
        readGuard.set(deadline, on: context.eventLoop, onReadGuard)
    }

    private func readGuardWoke() {
        guard let context else { return }
        guard readGuard.isDue(on: context.eventLoop, onReadGuard) else { return }
        if let exchange, exchange.isStarted, !exchange.isAnswered {
            closesAfterAnswer = true
            exchange.failBody(BodyFault.tooSlow)
        } else {
            close()
        }
    }

    /// - Parameter deadline: When the client must have taken something; nil for no limit.
    func setWriteDeadline(_ deadline: NIODeadline?) {
        guard let context, let deadline else { return writeGuard.clear() }
        writeGuard.set(deadline, on: context.eventLoop, onWriteGuard)
    }

    private func writeGuardWoke() {
        guard let context else { return }
        guard writeGuard.isDue(on: context.eventLoop, onWriteGuard) else { return }
        close()
    }
}

extension HTTPFields {
    /// Whether a body follows the head: RFC 9112, section 6.3.
    fileprivate var announcesBody: Bool {
        if contains(.transferEncoding) { return true }
        guard let length = self[.contentLength] else { return false }
        return length != "0"
    }
}

extension Error {
    /// The answer to a message the decoder could not read; nil for errors of the connection itself.
    fileprivate var answerStatus: HTTPResponse.Status? {
        if let error = self as? HTTPParserError {
            return error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest
        }
        return self is MessageFault || self is ByteToMessageDecoderError ? .badRequest : nil
    }
}
