// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// The last handler of a connection to Redis: sends commands one after the other without waiting, gives each its reply,
/// and gives the whole connection up when one is late.
final class RedisCallHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Waiter = CheckedContinuation<Result<RedisReply, RedisFault>, Never>

    private let reader: RedisReplyReader
    private let onMessage: (@Sendable (RedisReply) -> Void)?
    /// Kept when the connection is of no more use, with the reason.
    let ended: EventLoopPromise<RedisFault>
    private var queue: RedisCallQueue<Waiter>
    private var context: ChannelHandlerContext?
    private var fault: RedisFault?
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
    private var isFlushing = false

    /// It must be added to a pipeline: its end is what keeps the promise ``ended``.
    ///
    /// - Parameter onMessage: Takes what a subscription pushes; nil on a connection that subscribes to nothing.
    init(
        limits: RedisLimits, onMessage: (@Sendable (RedisReply) -> Void)?, eventLoop: any EventLoop
    ) throws(RedisFault) {
        reader = try RedisReplyReader(limit: limits.replyBytes)
        queue = RedisCallQueue(limits: limits)
        self.onMessage = onMessage
        ended = eventLoop.makePromise()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.connection("the connection was closed"))
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.connection("the connection was closed"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(error as? RedisFault ?? .connection("\(error)"))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(RedisFault) {
            try reader.feed(unwrapInboundIn(data))
            while fault == nil, let reply = try reader.next() { take(reply) }
        } catch {
            end(error)
        }
    }
}

extension RedisCallHandler {
    /// Sends a command. Exactly one result goes to the waiter, at the deadline at the latest.
    ///
    /// - Parameter bytes: The encoded command.
    func send(_ bytes: ByteBuffer, before deadline: NIODeadline, _ waiter: Waiter?) {
        if let fault {
            waiter?.resume(returning: .failure(fault))
            return
        }
        let call = RedisCallQueue<Waiter>.Call(waiter: waiter, bytes: bytes.readableBytes, deadline: deadline)
        guard let context, queue.add(call) else {
            waiter?.resume(returning: .failure(.overloaded))
            return
        }
        context.write(wrapOutboundOut(bytes), promise: nil)
        flushSoon(context)
        if timer.map({ deadline < $0.deadline }) ?? true { setTimer(deadline, context) }
    }

    /// Gives the connection up and tells all who wait.
    func end(_ fault: RedisFault) {
        guard self.fault == nil else { return }
        self.fault = fault
        timer?.task.cancel()
        ended.succeed(fault)
        while let call = queue.next() { call.waiter?.resume(returning: .failure(fault)) }
        context?.close(promise: nil)
    }

    /// One flush for all commands that are sent in the same turn of the loop.
    private func flushSoon(_ context: ChannelHandlerContext) {
        guard !isFlushing else { return }
        isFlushing = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushing = false
            self.context?.flush()
        }
    }

    private func setTimer(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        timer?.task.cancel()
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            guard let context = self.context, let next = self.queue.deadline else { return }
            if next <= .now() { self.end(.timeout) } else { self.setTimer(next, context) }
        }
        timer = (deadline, task)
    }

    private func take(_ reply: RedisReply) {
        if let onMessage, reply.isMessage { return onMessage(reply) }
        guard let call = queue.next() else { return end(.malformed("a reply to nothing")) }
        call.waiter?.resume(returning: .success(reply))
    }
}

extension RedisReply {
    /// Whether this is what a channel carried, and no reply: `["message", channel, payload]`.
    fileprivate var isMessage: Bool {
        guard case .array(let parts) = self else { return false }
        return parts.count == 3 && parts[0] == .bytes(Array("message".utf8))
    }
}
