// SPDX-License-Identifier: Apache-2.0
package import Logging

/// Wake-ups by a channel of a Redis.
///
/// Messages are sent over the connection for calls and heard on one of their own. As long as that is broken, nothing is
/// heard; when it is back, every listener is woken once.
package final class RedisWakeups: Wakeups {
    private let publisher: RedisClient
    private let subscriber: RedisClient
    private let local: MemoryWakeups
    private let channel: String

    /// - Parameters:
    ///   - publisher: The client for calls.
    ///   - channel: The same on all nodes of one cluster. Channels do not belong to a numbered database.
    /// - Throws: When the file with authorities cannot be used.
    package init(
        _ configuration: RedisConfiguration, publisher: RedisClient, channel: String, logger: Logger
    ) throws {
        let local = MemoryWakeups()
        self.publisher = publisher
        self.channel = channel
        self.local = local
        let onMessage: @Sendable (RedisReply) -> Void = { message in
            if let wakeup = Wakeup(message: message) { local.announce(wakeup) }
        }
        let limit = configuration.dialTimeout
        var logger = logger
        logger[metadataKey: "for"] = "messages"
        subscriber = try RedisClient(configuration, logger: logger, onMessage: onMessage) {
            (connection) throws(RedisFault) in
            let reply = try await connection.call(RedisCommand("SUBSCRIBE", channel), within: limit)
            if case .error(let text) = reply { throw RedisFault(errorReply: text) }
            local.announceAll()
        }
    }

    /// Whether messages are heard now.
    package var isListening: Bool { subscriber.isConnected }

    /// Keeps the connection that listens, until the task is cancelled.
    package func run() async { await subscriber.run() }

    package func announce(_ wakeup: Wakeup) {
        publisher.offer(RedisCommand("PUBLISH", channel, wakeup.rawValue))
    }

    package func listen(for wakeup: Wakeup, _ action: @escaping @Sendable () -> Void) {
        local.listen(for: wakeup, action)
    }
}

extension Wakeup {
    /// What a channel carried: `["message", channel, payload]`; nil for what this version does not know.
    init?(message: RedisReply) {
        guard case .array(let parts) = message, let text = parts.last?.text else { return nil }
        self.init(rawValue: text)
    }
}
