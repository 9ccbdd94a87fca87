// SPDX-License-Identifier: Apache-2.0
package import Logging
import NIOCore
import Synchronization

/// One connection to a Redis, kept alive in the background, for callers that can do without.
///
/// Whoever calls gets a reply or nil, always within the configured timeout: nil at once while there is no connection, and
/// nil for everybody as soon as one reply is late. Connecting, waiting and finding the primary again is done by ``run()``
/// and never by a caller. So a server that hangs costs the calls that were under way one timeout, and later ones nothing.
package final class RedisClient: Sendable {
    private let dialer: RedisDialer
    private let logger: Logger
    private let onMessage: (@Sendable (RedisReply) -> Void)?
    private let prepare: @Sendable (RedisConnection) async throws(RedisFault) -> Void
    private let state: Mutex<State>

    private struct State {
        var breaker: CircuitBreaker
        var connection: RedisConnection?
        var statistics = RedisStatistics()
        /// Why there is no connection, once that was logged.
        var outage: RedisFault?
    }

    /// A client that connects when it is run.
    ///
    /// - Throws: When the file with authorities cannot be used.
    package convenience init(_ configuration: RedisConfiguration, logger: Logger) throws {
        try self.init(configuration, logger: logger, onMessage: nil) { (_: RedisConnection) throws(RedisFault) in }
    }

    /// - Parameters:
    ///   - onMessage: Takes what subscriptions push.
    ///   - prepare: Done on each new connection before it is used.
    init(
        _ configuration: RedisConfiguration, pauses: CircuitBreaker.Pauses = CircuitBreaker.Pauses(), logger: Logger,
        onMessage: (@Sendable (RedisReply) -> Void)? = nil,
        prepare: @escaping @Sendable (RedisConnection) async throws(RedisFault) -> Void
    ) throws {
        dialer = try RedisDialer(configuration)
        self.logger = logger
        self.onMessage = onMessage
        self.prepare = prepare
        state = Mutex(State(breaker: CircuitBreaker(at: .now, pauses: pauses)))
    }

    /// Whether calls are answered now.
    package var isConnected: Bool { state.withLock { $0.connection != nil } }

    /// Counters since the start.
    package var statistics: RedisStatistics { state.withLock { $0.statistics } }
}

// MARK: - Calls

extension RedisClient {
    /// Asks, and waits for the reply as long as the timeout allows.
    ///
    /// - Returns: nil when there is none: no connection, too late, too much under way, or the server refused.
    func call(_ command: RedisCommand) async -> RedisReply? {
        guard let connection = admitted() else { return nil }
        do throws(RedisFault) {
            let reply = try await connection.call(command, within: dialer.configuration.timeout)
            if case .error(let text) = reply { throw RedisFault(errorReply: text) }
            return reply
        } catch {
            note(error, on: connection)
            return nil
        }
    }

    /// Sends without waiting; what the server says to it is not heard.
    func offer(_ command: RedisCommand) {
        admitted()?.send(command, within: dialer.configuration.timeout)
    }

    private func admitted() -> RedisConnection? {
        state.withLock { state in
            guard let connection = state.connection else {
                state.statistics.refused += 1
                return nil
            }
            state.statistics.calls += 1
            return connection
        }
    }

    private func note(_ fault: RedisFault, on connection: RedisConnection) {
        state.withLock { $0.statistics.failures += 1 }
        switch fault {
        case .overloaded: break
        case .refused(let text): logger.debug("redis refused a command", metadata: ["error": "\(text)"])
        default: lose(connection, fault)
        }
    }

    /// Opens the breaker, once for each connection.
    private func lose(_ connection: RedisConnection, _ fault: RedisFault) {
        connection.end(fault)
        let isFirst = state.withLock { state -> Bool in
            guard state.connection === connection else { return false }
            state.connection = nil
            state.breaker.failed(at: .now, chance: .random(in: 0...1))
            return true
        }
        if isFirst { logOutage(fault) }
    }

    private func logOutage(_ fault: RedisFault) {
        let isNew = state.withLock { state -> Bool in
            defer { state.outage = fault }
            return state.outage == nil
        }
        guard isNew else { return }
        logger.warning(
            "redis does not answer; going on without it",
            metadata: ["peer": "\(dialer.configuration.addresses)", "error": "\(fault)"])
    }
}

// MARK: - The connection

extension RedisClient {
    /// Keeps a connection, until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let now = ContinuousClock.now
            guard state.withLock({ $0.breaker.beginProbe(at: now) }) else {
                let pause = state.withLock { $0.breaker.pause(at: now) } ?? .milliseconds(10)
                try? await Task.sleep(for: pause)
                continue
            }
            do throws(RedisFault) {
                let connection = try await dialer.connect(onMessage: onMessage)
                try await prepareOrEnd(connection)
                keep(connection)
                await watch(connection)
            } catch {
                state.withLock { $0.breaker.failed(at: .now, chance: .random(in: 0...1)) }
                logOutage(error)
            }
        }
    }

    /// Connects once, to see whether that is possible.
    ///
    /// - Returns: Why it is not; nil when the server let us in and answered.
    package static func reasonForSilence(of configuration: RedisConfiguration) async -> String? {
        do {
            try await RedisDialer(configuration).connect().end(.connection("done"))
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func prepareOrEnd(_ connection: RedisConnection) async throws(RedisFault) {
        do throws(RedisFault) {
            try await prepare(connection)
        } catch {
            connection.end(error)
            throw error
        }
    }

    private func keep(_ connection: RedisConnection) {
        state.withLock { state in
            state.breaker.succeeded(at: .now)
            state.connection = connection
            state.statistics.connections += 1
            state.outage = nil
        }
        logger.notice("redis answers", metadata: ["peer": "\(dialer.configuration.addresses)"])
    }

    /// Returns when the connection is lost. Signs of life find that out also while nobody calls.
    private func watch(_ connection: RedisConnection) async {
        await withTaskGroup { group in
            group.addTask {
                guard let fault = try? await connection.ended.get() else { return }
                self.lose(connection, fault)
            }
            group.addTask {
                let limit = self.dialer.configuration.dialTimeout
                while (try? await Task.sleep(for: .seconds(1))) != nil {
                    do throws(RedisFault) {
                        _ = try await connection.call(RedisCommand("PING"), within: limit)
                    } catch .overloaded {
                        continue
                    } catch {
                        return connection.end(error)
                    }
                }
                // Only the end of the server cancels: then the connection goes with it.
                connection.end(.connection("the client was stopped"))
            }
            // Whichever ends first ends the other: a failed sign of life has ended the connection.
            await group.next()
            group.cancelAll()
        }
    }
}

/// What a client did since it was made.
package struct RedisStatistics: Sendable, Hashable {
    /// Commands that were sent.
    package var calls = 0
    /// Of these, how many got no answer that helps.
    package var failures = 0
    /// Commands that were not sent because there was no connection.
    package var refused = 0
    /// Connections that came to be.
    package var connections = 0
}
