// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore

/// One request and its answer.
///
/// `@unchecked Sendable`: all state is read and written on `loop` only. The task that runs the handler is pinned there;
/// calls from other executors hop first (``onLoop(_:)``).
final class Exchange: @unchecked Sendable {
    let loop: any EventLoop
    let head: HTTPRequest
    let context: HavenRequestContext
    private let responder: RequestResponder
    private let limits: ConnectionLimits
    /// The connection; nil when the client left or the answer is finished.
    private var connection: ExchangeHandler?
    private var task: Task<Void, Never>?

    private(set) var body: InboundBody
    private var bodyWaiter: CheckedContinuation<Void, any Error>?
    private var uploadPatience = Patience()
    private var owesContinue: Bool
    private var isReaderCancelled = false

    private var writeWaiter: CheckedContinuation<Void, any Error>?
    private var downloadPatience = Patience()
    private var progress = ClientProgress()
    /// Whether the kernel has not taken all of a piece of a file yet.
    private var isSendingFile = false
    /// Cancels a handler that goes on although its client left.
    private var lastCall: Scheduled<Void>?
    private(set) var bodyBytesSent = 0
    /// What the head announced; nil when the body's end is marked by framing.
    private var announced: Int?
    private(set) var isHeadSent = false
    private(set) var isAnswered = false

    init(
        head: HTTPRequest, context: HavenRequestContext, hasBody: Bool, responder: RequestResponder,
        limits: ConnectionLimits, connection: ExchangeHandler, loop: any EventLoop
    ) {
        self.head = head
        self.context = context
        self.responder = responder
        self.limits = limits
        self.connection = connection
        self.loop = loop
        body = InboundBody(isExpected: hasBody)
        owesContinue = hasBody && head.headerFields[.expect]?.lowercased() == "100-continue"
    }

    /// Whether the client still waits for the word to send its body.
    var isWaitingForContinue: Bool { owesContinue && body.received == 0 }

    /// Whether what is left of the body is known to be at most so many bytes.
    func isRestSmall(_ limit: Int) -> Bool {
        if isWaitingForContinue { return false }
        guard let length = head.headerFields[.contentLength].flatMap({ Int($0) }) else { return false }
        return length - body.received <= limit
    }

    func abandonBody() {
        body.abandon()
    }

    // MARK: - The handler's side

    var isStarted: Bool { task != nil || isAnswered }

    /// Runs the handler. The task is not structured under anything: it is cancelled after its client left, see
    /// ``clientLeft()``, and a draining server waits for the connection to close.
    func start(on executor: LoopExecutor) {
        task = Task(executorPreference: executor) { await self.run() }
    }

    private func run() async {
        // A small body may have come with its head, and be complete before anybody reads it.
        let hasBody = !body.isComplete || body.buffered > 0
        let body =
            hasBody ? RequestBody(asyncSequence: RequestBodyReader(exchange: self)) : RequestBody(buffer: ByteBuffer())
        let request = Request(head: head, body: body)
        let answer = await responder.respond(to: request, context)
        do {
            try await send(answer.response)
            responder.record(answer, head, context, bytesIn: self.body.received, bytesOut: bodyBytesSent, fault: nil)
        } catch {
            responder.record(answer, head, context, bytesIn: self.body.received, bytesOut: bodyBytesSent, fault: error)
            abort()
        }
        lastCall?.cancel()
    }

    private func send(_ response: Response) async throws {
        guard let connection else { throw ClientGone() }
        var fields = response.headers
        connection.prepareHead(&fields, of: self)
        let isEmpty =
            head.method == .head || response.status.kind == .informational
            || response.status == .noContent || response.status == .notModified
        if response.status == .noContent || response.status == .notModified { fields[.contentLength] = nil }
        isHeadSent = true
        connection.write(.head(HTTPResponse(status: response.status, headerFields: fields)), promise: nil)
        if isEmpty { return try finishOnLoop() }
        announced = fields[.contentLength].flatMap { Int($0) }
        try await response.body.write(AnswerWriter(exchange: self))
        guard isAnswered else { throw AnswerFault.unfinished }
    }

    /// Cuts a connection whose answer cannot be completed, so that the client does not take the piece for the whole.
    private func abort() {
        connection?.abort()
        connection = nil
    }

    // MARK: - Reading the body

    /// The next bytes of the request's body, nil after the last.
    func nextBodyBytes() async throws -> ByteBuffer? {
        while true {
            switch try await onLoop({ try self.takeBodyBytes() }) {
            case .bytes(let bytes): return bytes
            case .end: return nil
            case .nothingYet: try await waitForBody()
            }
        }
    }

    private func takeBodyBytes() throws -> InboundBody.Taken {
        let taken = try body.take()
        switch taken {
        case .nothingYet where isWaitingForContinue && !isHeadSent:
            owesContinue = false
            connection?.write(.head(HTTPResponse(status: .continue)), promise: nil)
            connection?.flush()
        case .bytes: connection?.bodyWasTaken()
        default: break
        }
        return taken
    }

    private func waitForBody() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                runOnLoop { self.suspendForBody(continuation) }
            }
        } onCancel: {
            loop.execute {
                self.isReaderCancelled = true
                self.resumeBodyWaiter(throwing: CancellationError())
            }
        }
    }

    private func suspendForBody(_ continuation: CheckedContinuation<Void, any Error>) {
        if isReaderCancelled || Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
        if body.buffered > 0 || body.isComplete || body.isFailed { return continuation.resume() }
        bodyWaiter = continuation
        let now = NIODeadline.now()
        uploadPatience.beginWaiting(now)
        connection?.setReadDeadline(now + TimeAmount(limits.bodyIdleTimeout))
    }

    func receive(_ bytes: ByteBuffer) {
        body.receive(bytes)
        guard bodyWaiter != nil else { return }
        uploadPatience.endWaiting(.now())
        if uploadPatience.isExhausted(bytes: body.received, rate: limits.minimumRate, grace: limits.rateGrace) {
            return failBody(BodyFault.tooSlow)
        }
        resumeBodyWaiter()
    }

    func receiveEnd() {
        body.end()
        resumeBodyWaiter()
    }

    func failBody(_ error: any Error) {
        body.fail(error)
        resumeBodyWaiter()
    }

    private func resumeBodyWaiter(throwing error: (any Error)? = nil) {
        guard let waiter = bodyWaiter else { return }
        bodyWaiter = nil
        connection?.setReadDeadline(nil)
        if let error { waiter.resume(throwing: error) } else { waiter.resume() }
    }

    // MARK: - Writing the answer

    func writeBody(_ bytes: ByteBuffer) async throws {
        guard bytes.readableBytes > 0 else { return }
        if try await onLoop({ try self.enqueue(bytes) }) { return }
        try await waitForClient()
    }

    /// Returns whether more may be written at once.
    private func enqueue(_ bytes: ByteBuffer) throws -> Bool {
        guard let connection else { throw ClientGone() }
        bodyBytesSent += bytes.readableBytes
        connection.write(.bytes(bytes), promise: nil)
        if announced == bodyBytesSent { return true }  // the end follows at once and flushes all
        connection.flush()
        return connection.isWritable
    }

    private func waitForClient() async throws {
        try await withCheckedThrowingContinuation { continuation in
            runOnLoop { self.suspendForClient(continuation) }
        }
    }

    private func suspendForClient(_ continuation: CheckedContinuation<Void, any Error>) {
        guard let connection else { return continuation.resume(throwing: ClientGone()) }
        if connection.isWritable { return continuation.resume() }
        writeWaiter = continuation
        beginWaitingForClient(connection)
    }

    private func beginWaitingForClient(_ connection: ExchangeHandler) {
        let now = NIODeadline.now()
        downloadPatience.beginWaiting(now)
        connection.setWriteDeadline(now + TimeAmount(limits.writeStallTimeout))
        if !connection.isWritable { watchProgress() }
    }

    /// Looks now and then whether the client takes anything of a write that takes long, and gives it more time when it does.
    private func watchProgress() {
        progress.watch(every: TimeAmount(limits.writeStallTimeout / 4), on: loop) { [weak self] in
            self?.lookForProgress()
        }
    }

    private func lookForProgress() {
        let isDue = progress.isDue(on: loop) { [weak self] in self?.lookForProgress() }
        guard isDue, let connection, downloadPatience.isWaiting else { return }
        if progress.hasMoved(ClientProgress.taken(by: context.channel), rate: limits.minimumRate) {
            connection.setWriteDeadline(.now() + TimeAmount(limits.writeStallTimeout))
        }
        watchProgress()
    }

    /// The client took what waited for it.
    func clientCaughtUp() {
        // The rest of a window may be small enough to write on, but nobody else would watch over it.
        if isSendingFile { return }
        downloadPatience.endWaiting(.now())
        progress.clear()
        connection?.setWriteDeadline(nil)
        guard let waiter = writeWaiter else { return }
        writeWaiter = nil
        if downloadPatience.isExhausted(bytes: bodyBytesSent, rate: limits.minimumRate, grace: limits.rateGrace) {
            waiter.resume(throwing: ClientGone())
        } else {
            waiter.resume()
        }
    }

    /// Whether file regions may be written.
    var sendsFiles: Bool { get async { (try? await onLoop { self.connection?.sendsFiles ?? false }) ?? false } }

    /// Writes a piece of a file and returns when the kernel has all of it.
    func writeFile(_ region: FileRegion) async throws {
        let region = NIOLoopBound(region, eventLoop: loop)
        try await onLoop { try self.enqueue(region.value) }.get()
        try await onLoop {
            self.isSendingFile = false
            self.clientCaughtUp()
        }
    }

    private func enqueue(_ region: FileRegion) throws -> EventLoopFuture<Void> {
        guard let connection else { throw ClientGone() }
        let promise = loop.makePromise(of: Void.self)
        isSendingFile = true
        connection.write(.file(region), promise: promise)
        connection.flush()
        bodyBytesSent += region.readableBytes
        beginWaitingForClient(connection)
        return promise.futureResult.flatMapErrorThrowing { _ in throw ClientGone() }
    }

    func finishAnswer() async throws {
        try await onLoop { try self.finishOnLoop() }
    }

    private func finishOnLoop() throws {
        guard let connection else { throw ClientGone() }
        if let announced, announced != bodyBytesSent { throw AnswerFault.wrongLength }
        isAnswered = true
        task = nil
        progress.cancel()
        self.connection = nil
        connection.finish(self)
    }

    /// The client left: whoever waits for it learns so, and the handler's task is cancelled.
    ///
    /// A handler that only reads is cancelled at once. One that changes something may first bring to its end what it began,
    /// for a bounded time: an upload keeps what arrived, and a commit under way is not torn, which would cost the client's
    /// next attempt all of it again.
    func clientLeft() {
        connection = nil
        progress.cancel()
        failBody(ClientGone())
        if let waiter = writeWaiter {
            writeWaiter = nil
            waiter.resume(throwing: ClientGone())
        }
        guard let task else { return }
        self.task = nil
        if head.method == .get || head.method == .head { return task.cancel() }
        lastCall = loop.scheduleTask(in: TimeAmount(limits.departureGrace)) { task.cancel() }
    }

    // MARK: - The loop

    /// Runs something on the loop, at once when already there.
    private func onLoop<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        if loop.inEventLoop { return try body() }
        return try await loop.submit(body).get()
    }

    private func runOnLoop(_ body: @escaping @Sendable () -> Void) {
        if loop.inEventLoop { body() } else { loop.execute(body) }
    }
}

/// An answer that cannot be completed as its head promised.
enum AnswerFault: Error {
    /// The handler wrote another number of bytes than it announced.
    case wrongLength
    /// The handler returned without finishing the body.
    case unfinished
    /// The bytes are not those that the answer's digest names.
    case wrongContent
}
