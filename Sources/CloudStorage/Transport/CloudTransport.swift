// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
package import BlobStorage
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// How a store is reached.
package struct TransportOptions: Sendable {
    /// Whether certificates are believed unseen. For tests of an operator's own, never for production.
    package var skipsVerification = false
    /// A PEM file of authorities believed besides those of the machine.
    package var authorities: String?
    /// The most connections to one host.
    package var connections = 128
    /// How long a connection may take to come about.
    package var connectTimeout: Duration = .seconds(10)
    /// How long an answer under way may be silent.
    package var silence: Duration = .seconds(60)
    package var rules = RetryRules()
    /// What this node says it is.
    package var userAgent = "haven"
    /// What requests are dated by: seconds since 1970.
    package var seconds: @Sendable () -> Int64 = { UTCTime.now.seconds }

    package init() {}
}

/// Carries requests to a store: with a deadline each, and again when an answer says that trying again may help.
///
/// Every request of a driver may be sent twice: names are used once, and parts are numbered.
package struct CloudTransport: Sendable {
    private let client: HTTPClient
    private let options: TransportOptions
    private let budget = RetryBudget()
    private let logger: Logger

    package init(_ options: TransportOptions = TransportOptions(), logger: Logger) throws(BlobStorageError) {
        self.options = options
        self.logger = logger
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = try Self.tls(options)
        configuration.timeout.connect = TimeAmount(options.connectTimeout)
        configuration.timeout.read = TimeAmount(options.silence)
        configuration.timeout.write = TimeAmount(options.silence)
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = options.connections
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = Self.receiveLargePieces
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Lets one read of a socket bring up to as much as an answer passes on at once. NIO's own limit is a quarter of it, and
    /// each piece costs a system call and two changes of thread.
    @Sendable private static func receiveLargePieces(_ channel: any Channel) -> EventLoopFuture<Void> {
        let allocator = AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 16 << 10, maximum: 256 << 10)
        return channel.setOption(.recvAllocator, value: allocator)
    }

    private static func tls(_ options: TransportOptions) throws(BlobStorageError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if options.skipsVerification { tls.certificateVerification = .none }
        if let path = options.authorities {
            do {
                tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(path))]
            } catch {
                throw .invalid("\(path) is no PEM file of certificates: \(error)")
            }
        }
        return tls
    }

    /// What signatures carry.
    var time: UTCTime { UTCTime(seconds: options.seconds()) }

    package func close() async {
        // Fails only when it was closed before.
        try? await client.shutdown()
    }

    /// Sends a request until the store answers with one of the wanted statuses.
    ///
    /// - Parameters:
    ///   - what: The call's name for errors and the log, such as `s3 put`.
    ///   - wanted: The statuses that are answers. Any other becomes a failure, after repetition where that may help.
    ///   - prepare: Makes the request anew for each try, because signatures carry the time.
    package func send(
        _ what: String, wanted: Set<Int>, _ prepare: () async throws(CloudFailure) -> CloudRequest
    ) async throws(CloudFailure) -> CloudAnswer {
        let rules = options.rules
        let begin = ContinuousClock.now
        var attempt = 0
        while true {
            attempt += 1
            let (failure, asked): (CloudFailure, Duration?)
            do throws(CloudFailure) {
                let answer = try await once(try await prepare())
                if wanted.contains(answer.status) {
                    budget.earn()
                    return answer
                }
                asked = answer.header("retry-after").flatMap { Int($0) }.map { .seconds(max(0, min($0, 3_600))) }
                failure = await Self.failure(of: answer)
            } catch {
                (failure, asked) = (error, nil)
            }
            guard failure.mayPass, !Task.isCancelled, attempt < rules.attempts else { throw failure }
            let pause = rules.pause(after: attempt, asked: asked)
            guard ContinuousClock.now - begin + pause < rules.total, budget.spend() else { throw failure }
            logger.debug("store call repeated", metadata: ["call": "\(what)", "error": "\(failure)"])
            do { try await Task.sleep(for: pause) } catch { throw failure }
        }
    }

    private func once(_ request: CloudRequest) async throws(CloudFailure) -> CloudAnswer {
        var wire = HTTPClientRequest(url: request.url)
        wire.method = HTTPMethod(rawValue: request.method)
        for (name, value) in request.headers { wire.headers.add(name: name, value: value) }
        if !wire.headers.contains(name: "user-agent") { wire.headers.add(name: "User-Agent", value: options.userAgent) }
        var length: Int64 = 0
        switch request.body {
        case .none: break
        case .bytes(let bytes): wire.body = .bytes(ByteBuffer(bytes: bytes))
        case .spooled(let body):
            length = Int64(body.range.count)
            wire.body = .stream(body, length: .known(length))
        }
        do {
            return CloudAnswer(try await client.execute(wire, timeout: TimeAmount(options.rules.patience(for: length))))
        } catch let error as BlobStorageError {
            throw .local(error)
        } catch {
            throw .unanswered("\(error)")
        }
    }

    /// Reads the store's own words out of an answer nobody wanted.
    private static func failure(of answer: CloudAnswer) async -> CloudFailure {
        let text = (try? await answer.collect(upTo: 64 << 10)).map { Array($0.readableBytesView) } ?? []
        let words = ErrorWords(text, answer)
        return .answered(status: answer.status, code: words.code, message: words.message)
    }
}

extension CloudFailure {
    /// Whether the same request may be answered otherwise a little later.
    var mayPass: Bool {
        switch self {
        case .local: false
        case .unanswered: true
        case .answered(let status, let code, _):
            [408, 425, 429, 498, 500, 502, 503, 504, 509].contains(status)
                || ["SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted"].contains(
                    code)
        }
    }
}
