// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real `haven serve` in a folder of its own, on free ports of the loopback interface.
///
///     try await withHaven { haven in
///         try await Tool("curl").check("-f", "\(haven.url)/healthz")
///     }
///
/// The executable is the one built beside the running tests, or the one `HAVEN_EXECUTABLE` names.
package final class HavenProcess: Sendable {
    /// The folder that holds `haven.cfg`, the data and the log.
    package let folder: String
    package let httpPort: Int
    /// The port of `/metrics`.
    package let metricsPort: Int
    /// The port of HTTPS; nil when the server was started without certificates.
    package let httpsPort: Int?
    package let adminPassword: String
    private let environment: [String: String?]
    private let process: Mutex<BackgroundProcess?> = Mutex(nil)

    /// Prepares a server in `folder` and starts it.
    ///
    /// - Parameters:
    ///   - file: The beginning of `haven.cfg` as somebody has it, comments and all.
    ///   - settings: Lines of `haven.cfg` in addition to ports, data volume and administrator's password.
    ///   - environment: Variables set or removed for the server and for ``command(_:input:)``.
    ///   - certificates: When given, the server also listens for HTTPS.
    package init(
        folder: String, file: String = "", settings: [String: String] = [:], environment: [String: String?] = [:],
        certificate: (chain: String, key: String)? = nil
    ) async throws {
        self.folder = folder
        self.environment = environment
        httpPort = try freePort()
        httpsPort = try certificate.map { _ in try freePort() }
        adminPassword = settings["harbor_admin_password"] ?? "Test-\(UInt64.random(in: .min ... .max))"
        var all = settings
        all["http_port"] = "\(httpPort)"
        metricsPort = try all["metrics_port"].flatMap { Int($0) } ?? freePort()
        all["metrics_port"] = "\(metricsPort)"
        all["data_volume"] = all["data_volume"] ?? "\(folder)/data"
        all["harbor_admin_password"] = adminPassword
        if let certificate, let httpsPort {
            all["https_port"] = "\(httpsPort)"
            all["ssl_cert"] = certificate.chain
            all["ssl_cert_key"] = certificate.key
        }
        let text = all.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }.joined()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try (file + text).write(toFile: "\(folder)/haven.cfg", atomically: true, encoding: .utf8)
        try await start()
    }

    package var url: String { "http://127.0.0.1:\(httpPort)" }
    /// `127.0.0.1:port` of the plain listener, as clients write it in image names.
    package var host: String { "127.0.0.1:\(httpPort)" }
    /// `127.0.0.1:port` of the HTTPS listener.
    package var httpsHost: String { "127.0.0.1:\(httpsPort ?? 0)" }
    package var dataVolume: String { "\(folder)/data" }
    /// Everything the server printed so far, over all its starts.
    package var log: String { (try? String(contentsOfFile: "\(folder)/haven.log", encoding: .utf8)) ?? "" }
    package var residentBytes: Int { process.withLock { $0?.residentBytes ?? 0 } }
    package var peakResidentBytes: Int { process.withLock { $0?.peakResidentBytes ?? 0 } }
    package var processID: Int32? { process.withLock { $0?.processID } }
    package var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }

    /// The executable under test.
    package static var executable: String {
        if let named = ProcessInfo.processInfo.environment["HAVEN_EXECUTABLE"] { return named }
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (tests as NSString).deletingLastPathComponent + "/haven"
    }

    /// Starts the server, on the data that is there, and returns when it answers on `/healthz`.
    ///
    /// - Parameters:
    ///   - extra: Variables set or removed for this start alone.
    ///   - status: What `/healthz` may answer besides a redirect to HTTPS, such as 404 of a node that is to drain.
    /// - Throws: ``ToolFailure`` with the log when it ends or is not ready within `deadline`.
    package func start(
        deadline: Duration = .seconds(60), environment extra: [String: String?] = [:], accepting status: Int = 200
    ) async throws {
        var tool = tool
        tool.environment.merge(extra) { _, new in new }
        let started = try await BackgroundProcess(
            tool, ["serve", "--config", "\(folder)/haven.cfg"], logPath: "\(folder)/haven.log")
        process.withLock { $0 = started }
        let ready = try await eventually(within: deadline) {
            guard started.isRunning else {
                throw ToolFailure(what: "haven serve ended before it was ready:\n\(log)")
            }
            let request = HTTPClientRequest(url: "\(url)/healthz")
            let answer = try? await Self.http.execute(request, timeout: .seconds(5))
            // One that only leads to HTTPS is ready when it leads there.
            return (answer.map { Int($0.status.code) == status } == true || answer?.status == .movedPermanently)
                && started.isRunning
        }
        guard ready else {
            _ = try? await started.kill()
            throw ToolFailure(what: "haven serve is not ready after \(deadline):\n\(log)")
        }
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// - Returns: The exit status.
    @discardableResult
    package func stop(within limit: Duration = .seconds(20)) async throws -> Int {
        try await process.withLock { $0 }?.stop(within: limit) ?? 0
    }

    /// Sends SIGKILL and waits for the end.
    package func kill() async throws {
        try await process.withLock { $0 }?.kill()
    }

    /// Sends `signal` to the server.
    package func signal(_ signal: Int32) {
        process.withLock { $0 }?.signal(signal)
    }

    /// The sum of the numbers that `/metrics` shows under a name, whatever their labels; 0 when there is none.
    package func metric(_ name: String) async throws -> Double {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(metricsPort)/metrics")
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let text = String(buffer: try await answer.body.collect(upTo: 8 << 20))
        return text.split(separator: "\n").reduce(0) { sum, line in
            let isMeant = line.hasPrefix(name + " ") || line.hasPrefix(name + "{")
            return isMeant ? sum + (line.split(separator: " ").last.flatMap { Double($0) } ?? 0) : sum
        }
    }

    /// Runs another command of the same executable on the same settings, beside the server or without it.
    ///
    ///     try await haven.command("project", "create", "team", "--public")
    @discardableResult
    package func command(_ arguments: String..., input: String = "") async throws -> String {
        try await command(arguments, input: input)
    }

    @discardableResult
    package func command(_ arguments: [String], input: String = "") async throws -> String {
        try await tool.check(arguments + ["--config", "\(folder)/haven.cfg"], input: input)
    }

    /// Compares everything that is stored with everything that is remembered.
    ///
    /// - Returns: The numbers that `haven doctor --verify -o json` shows.
    /// - Throws: ``ToolFailure`` with its findings when something is lost or inconsistent.
    package func verify(rehash: Bool = false) async throws -> [String: Int] {
        let text = try await command(["doctor", "--verify", "-o", "json"] + (rehash ? ["--rehash"] : []))
        let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return (json ?? [:]).compactMapValues { $0 as? Int }
    }

    /// Fails at once where nothing listens yet, instead of waiting longer after each refusal.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        return HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
    }()

    private var tool: Tool {
        Tool(HavenProcess.executable, environment: environment, workingFolder: folder)
    }
}

/// Runs `body` with a fresh server, then stops it and removes its folder, whatever happens.
///
/// When `body` throws, the end of the server's log is printed with the error.
package func withHaven<Result>(
    file: String = "", settings: [String: String] = [:], environment: [String: String?] = [:],
    certificate: (chain: String, key: String)? = nil, _ body: (HavenProcess) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        let haven = try await HavenProcess(
            folder: folder, file: file, settings: settings, environment: environment, certificate: certificate)
        do {
            let result = try await body(haven)
            try await haven.stop()
            return result
        } catch {
            print("--- end of the server's log ---\n\(haven.log.suffix(4_000))\n---")
            try await haven.kill()
            throw error
        }
    }
}
