// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// An open connection to a Redis server. Any thread may use it; replies come in the order of the calls.
final class RedisConnection: Sendable {
    /// Kept when the connection is of no more use, with the reason.
    let ended: EventLoopFuture<RedisFault>
    private let channel: any Channel
    private let handler: NIOLoopBound<RedisCallHandler>

    /// Called on the channel's event loop.
    init(channel: any Channel, handler: RedisCallHandler) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        ended = handler.ended.futureResult
    }

    /// Sends a command and waits for its reply.
    ///
    /// - Parameter limit: How long. When it passes, the connection ends for all.
    /// - Returns: The reply, an error that the server sent among them.
    func call(_ command: RedisCommand, within limit: Duration) async throws(RedisFault) -> RedisReply {
        let bytes = try command.encoded()
        let deadline = NIODeadline.now() + TimeAmount(limit)
        let handler = handler
        let result = await withCheckedContinuation { waiter in
            channel.eventLoop.execute { handler.value.send(bytes, before: deadline, waiter) }
        }
        return try result.get()
    }

    /// Sends a command whose reply nobody waits for. When it is late, the connection ends all the same.
    func send(_ command: RedisCommand, within limit: Duration) {
        guard let bytes = try? command.encoded() else { return }
        let deadline = NIODeadline.now() + TimeAmount(limit)
        let handler = handler
        channel.eventLoop.execute { handler.value.send(bytes, before: deadline, nil) }
    }

    /// Gives the connection up.
    func end(_ fault: RedisFault) {
        let handler = handler
        channel.eventLoop.execute { handler.value.end(fault) }
    }
}
