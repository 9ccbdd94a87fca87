// SPDX-License-Identifier: Apache-2.0
package import Cache
import Foundation

/// A primary, a replica and three sentinels that watch them, all real, all with passwords.
package struct RedisSentinels: Sendable {
    package let servers: [RedisServer]
    package let ports: [Int]
    private let sentinels: [BackgroundProcess]

    package static let master = "haven"
    package static let password = "redis-password"
    package static let sentinelPassword = "sentinel-password"

    /// Returns when all know each other: a primary that dies earlier is not replaced.
    package init(folder: String) async throws {
        let options = RedisServer.Options(password: Self.password)
        let primary = try await RedisServer(folder: "\(folder)/1", options: options)
        let replica = try await RedisServer(
            folder: "\(folder)/2",
            options: RedisServer.Options(
                password: Self.password, arguments: ["--replicaof", testAddress, "\(primary.port)"]))
        servers = [primary, replica]
        ports = try (0..<3).map { _ in try freePort() }
        var started: [BackgroundProcess] = []
        for port in ports { started.append(try await Self.start(port, watching: primary.port, folder)) }
        sentinels = started
        let (ports, processes) = (ports, started)
        let isReady = try await eventually(within: .seconds(60), every: .milliseconds(100)) {
            guard processes.allSatisfy(\.isRunning) else { throw ToolFailure(what: processes.map(\.log).joined()) }
            for port in ports where try await !Self.isReady(port) { return false }
            return try await primary.command("INFO", "replication").contains("state=online")
        }
        guard isReady else { throw ToolFailure(what: "the sentinels do not find each other") }
    }

    private static func start(_ port: Int, watching primary: Int, _ folder: String) async throws -> BackgroundProcess {
        let home = "\(folder)/s\(port)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let text = """
            port \(port)
            bind \(testAddress)
            dir \(home)
            requirepass \(sentinelPassword)
            sentinel sentinel-pass \(sentinelPassword)
            sentinel monitor \(master) \(testAddress) \(primary) 2
            sentinel auth-pass \(master) \(password)
            sentinel down-after-milliseconds \(master) 1000
            sentinel failover-timeout \(master) 3000

            """
        try text.write(toFile: "\(home)/sentinel.conf", atomically: true, encoding: .utf8)
        return try await BackgroundProcess(
            Tool("redis-server"), ["\(home)/sentinel.conf", "--sentinel"], logPath: "\(home)/log")
    }

    private static func isReady(_ port: Int) async throws -> Bool {
        let state = try? await ask(["INFO", "sentinel"], port)
        guard state?.contains("slaves=1,sentinels=3") == true else { return false }
        return (try? await ask(["SENTINEL", "CKQUORUM", master], port))?.hasPrefix("OK 3") == true
    }

    private static func ask(_ words: [String], _ port: Int) async throws -> String {
        try await RedisServer.command(words, port: port, password: sentinelPassword)
    }

    /// How to find the primary by all three, with patience for each step.
    package var configuration: RedisConfiguration {
        RedisConfiguration(
            place: .sentinels(ports.map { .init(host: testAddress, port: $0) }, master: Self.master),
            login: RedisLogin(password: Self.password), sentinelLogin: RedisLogin(password: Self.sentinelPassword),
            timeout: .seconds(20), dialTimeout: .seconds(5))
    }

    /// Waits until all sentinels name this server as the primary and it takes writes.
    package func waitUntilPrimary(_ server: RedisServer) async throws {
        // Sentinels that a busy machine kept waiting stop judging for half a minute each time (their mode TILT).
        let isPromoted = try await eventually(within: .seconds(180), every: .milliseconds(100)) {
            for port in ports {
                let answer = try? await Self.ask(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.master], port)
                guard answer?.hasSuffix("\(server.port)") == true else { return false }
            }
            return try await server.command("ROLE").hasPrefix("master")
        }
        guard isPromoted else {
            let logs = sentinels.map { "--- a sentinel's log ---\n\($0.log.suffix(2_000))" }.joined(separator: "\n")
            throw ToolFailure(what: "no failover within three minutes\n\(logs)")
        }
    }

    func kill() async throws {
        for sentinel in sentinels { try await sentinel.kill() }
        for server in servers { try await server.kill() }
    }
}

/// Runs `body` with a fresh primary, replica and three sentinels and ends them, whatever happens.
package func withRedisSentinels<Result>(
    _ body: (RedisSentinels) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        let redis = try await RedisSentinels(folder: folder)
        do {
            let result = try await body(redis)
            try await redis.kill()
            return result
        } catch {
            try await redis.kill()
            throw error
        }
    }
}
