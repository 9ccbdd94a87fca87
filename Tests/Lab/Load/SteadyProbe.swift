// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import TestKit

/// An open-loop client: a request is sent when it is due, whether or not earlier ones were answered, over a connection of its
/// own, as a machine that just started would.
struct SteadyProbe: Sendable {
    /// Where requests go: scheme, host and port.
    let url: String
    let token: String
    let path: String
    /// The bytes that every answer must have.
    let expected: [UInt8]
    let log: ProbeLog
    let start: ContinuousClock.Instant

    /// The time between two requests.
    static let interval = Duration.milliseconds(20)
    private static let patience = TimeAmount.seconds(10)

    /// Sends requests until `isOver` holds, and waits for the last answers.
    func run(until isOver: () -> Bool) async {
        await withTaskGroup(of: Void.self) { group in
            var due = ContinuousClock.now
            while !isOver() {
                let moment = due
                group.addTask { await ask(due: moment) }
                due += Self.interval
                try? await Task.sleep(until: due, clock: .continuous)
            }
        }
    }

    private func ask(due: ContinuousClock.Instant) async {
        var request = HTTPClientRequest(url: url + path)
        request.headers.add(name: "Authorization", value: token)
        request.headers.add(name: "Accept", value: "*/*")
        request.headers.add(name: "Connection", value: "close")
        let begun = ContinuousClock.now
        let outcome = await outcome(of: request)
        let (at, seconds) = (Self.seconds(due - start), Self.seconds(ContinuousClock.now - begun))
        log.add(ProbeLog.Entry(at: at, seconds: seconds, fault: outcome))
    }

    /// - Returns: What was wrong, or nil.
    private func outcome(of request: HTTPClientRequest) async -> String? {
        do {
            let answer = try await Self.http.execute(request, timeout: Self.patience)
            let body = try await answer.body.collect(upTo: 1 << 20)
            guard answer.status == .ok else { return "\(answer.status.code)" }
            return Array(buffer: body) == expected ? nil : "other bytes"
        } catch {
            return "\(error)"
        }
    }

    static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.tlsConfiguration = .makeClientConfiguration()
        configuration.tlsConfiguration?.certificateVerification = .none
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 2_000
        configuration.timeout.connect = .seconds(10)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
