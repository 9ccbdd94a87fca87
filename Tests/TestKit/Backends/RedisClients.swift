// SPDX-License-Identifier: Apache-2.0
package import Cache
package import Logging

/// Runs `body` with a client of a Redis that is connected, and ends the client.
package func withRedisClient<Result>(
    _ configuration: RedisConfiguration, logger: Logger = .quiet, _ body: (RedisClient) async throws -> Result
) async throws -> Result {
    let client = try RedisClient(configuration, logger: logger)
    return try await withRunning(client.run) {
        guard try await eventually(within: .seconds(60), { client.isConnected }) else {
            throw ToolFailure(what: "no connection to \(configuration.addresses)")
        }
        return try await body(client)
    }
}

/// Runs `body` with two nodes that wake each other by a Redis, both listening.
package func withRedisWakeups<Result>(
    _ configuration: RedisConfiguration, channel: String = "haven:wakeups",
    _ body: (RedisWakeups, RedisWakeups) async throws -> Result
) async throws -> Result {
    try await withRedisClient(configuration) { client in
        let nodes = try (0..<2).map { _ in
            try RedisWakeups(configuration, publisher: client, channel: channel, logger: .quiet)
        }
        let (here, there) = (nodes[0], nodes[1])
        return try await withRunning(here.run) {
            try await withRunning(there.run) {
                guard try await eventually(within: .seconds(60), { here.isListening && there.isListening }) else {
                    throw ToolFailure(what: "nobody listens at \(configuration.addresses)")
                }
                return try await body(here, there)
            }
        }
    }
}

/// Runs something in the background for as long as `body` takes.
package func withRunning<Result>(
    _ service: @escaping @Sendable () async -> Void, _ body: () async throws -> Result
) async throws -> Result {
    let running = Task { await service() }  // cancelled and awaited below
    do {
        let result = try await body()
        running.cancel()
        await running.value
        return result
    } catch {
        running.cancel()
        await running.value
        throw error
    }
}

extension Logger {
    /// Says nothing.
    package static var quiet: Logger { Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() } }
}
