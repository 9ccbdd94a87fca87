// SPDX-License-Identifier: Apache-2.0
package import Cache
import Foundation
import Glibc
import Synchronization

/// A real Redis on a free port of the loopback interface, in a folder of its own.
///
///     try await withRedis { redis in
///         try await redis.command("SET", "a", "b")
///         redis.pause()
///     }
package final class RedisServer: Sendable {
    /// What a server is started with.
    package struct Options: Sendable {
        /// The password of the user `default`; nil for none.
        package var password: String?
        /// Certificates: the server then speaks TLS alone.
        package var certificates: TestCertificates?
        /// More arguments, as in `redis.conf`: `["--databases", "2"]`.
        package var arguments: [String] = []

        package init(password: String? = nil, certificates: TestCertificates? = nil, arguments: [String] = []) {
            self.password = password
            self.certificates = certificates
            self.arguments = arguments
        }
    }

    package let port: Int
    private let folder: String
    private let options: Options
    private let process = Mutex<BackgroundProcess?>(nil)

    /// Starts a server and returns when it answers.
    package init(folder: String, options: Options = Options()) async throws {
        self.folder = folder
        self.options = options
        port = try freePort()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await start()
    }

    /// Starts the server again, on the same port and with nothing in it.
    package func start() async throws {
        var arguments = [
            "--bind", testAddress, "--dir", folder, "--save", "", "--appendonly", "no", "--daemonize", "no",
        ]
        if let certificates = options.certificates {
            arguments += ["--port", "0", "--tls-port", "\(port)", "--tls-auth-clients", "no"]
            arguments += ["--tls-cert-file", certificates.certificate, "--tls-key-file", certificates.key]
            arguments += ["--tls-ca-cert-file", certificates.authority]
        } else {
            arguments += ["--port", "\(port)"]
        }
        if let password = options.password { arguments += ["--requirepass", password, "--masterauth", password] }
        let started = try await BackgroundProcess(
            Tool("redis-server"), arguments + options.arguments, logPath: "\(folder)/log")
        process.withLock { $0 = started }
        let isReady = try await eventually {
            guard started.isRunning else { throw ToolFailure(what: "redis-server ended:\n\(started.log)") }
            return (try? await command("PING")) == "PONG"
        }
        guard isReady else { throw ToolFailure(what: "redis-server does not answer:\n\(started.log)") }
    }

    package var address: RedisConfiguration.Address { .init(host: testAddress, port: port) }

    /// What the server printed so far.
    package var log: String { process.withLock { $0?.log ?? "" } }

    /// How to reach it as the user `default`, with patience: only tests of deadlines want a short one.
    package var configuration: RedisConfiguration {
        RedisConfiguration(
            place: .server(address), login: RedisLogin(password: options.password), timeout: .seconds(20),
            dialTimeout: .seconds(20))
    }

    /// Runs one command by `redis-cli` and returns what that prints.
    @discardableResult
    package func command(_ words: String...) async throws -> String {
        try await RedisServer.command(
            words, port: port, password: options.password, authority: options.certificates?.authority)
    }

    static func command(
        _ words: [String], port: Int, password: String?, authority: String? = nil
    ) async throws -> String {
        let tls = authority.map { ["--tls", "--cacert", $0] } ?? []
        let tool = Tool("redis-cli", environment: ["REDISCLI_AUTH": password])
        let result = try await tool.check(
            ["-h", testAddress, "-p", "\(port)", "-e"] + tls + words, deadline: .seconds(60))
        return result.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Lets the server hang: it keeps its connections, takes new ones, and answers nothing.
    package func pause() { process.withLock { $0?.signal(SIGSTOP) } }

    /// Lets a server that hangs go on.
    package func resume() { process.withLock { $0?.signal(SIGCONT) } }

    /// Kills the server at once.
    package func kill() async throws { try await process.withLock { $0 }?.kill() }
}

/// Runs `body` with a fresh Redis and ends it, whatever happens.
package func withRedis<Result>(
    _ options: RedisServer.Options = RedisServer.Options(), _ body: (RedisServer) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        let server = try await RedisServer(folder: "\(folder)/redis", options: options)
        do {
            let result = try await body(server)
            try await server.kill()
            return result
        } catch {
            try await server.kill()
            throw error
        }
    }
}
