// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// What a registry must survive: a clear error, nothing changed, and the next request is served as ever.
@Suite("bad input", .haven())
enum BadInput {}

extension Bench {
    /// Sends a request whose bytes no decent client would send, with the administrator's password.
    ///
    /// - Parameters:
    ///   - target: The request target, not encoded or checked in any way.
    ///   - headers: Whole header lines.
    func raw(
        _ method: String, _ target: String, _ headers: [String] = [], body: [UInt8] = [], closingAfter: Bool = false
    ) async throws -> Answer? {
        let haven = try HavenProcess.current
        let basic = try #require(client.basic)
        let lines = ["\(method) \(target) HTTP/1.1", "Host: \(haven.host)", "Authorization: \(basic)"] + headers
        let length = headers.contains { $0.lowercased().hasPrefix("content-length") || $0.hasPrefix("Transfer-") }
        let head = (lines + (length ? [] : ["Content-Length: \(body.count)"])).joined(separator: "\r\n") + "\r\n\r\n"
        return try await RawConnection.exchange(
            port: haven.httpPort, Array(head.utf8) + body, closingAfter: closingAfter)
    }
}

/// That the answer is a refusal a client understands: one of these statuses, and one of these codes in an error list.
func expectRefused(
    _ answer: Answer?, _ statuses: Set<Int>, _ codes: Set<String> = [],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard let answer else {
        Issue.record("the connection was closed without an answer", sourceLocation: sourceLocation)
        return
    }
    #expect(statuses.contains(answer.status), "\(answer)", sourceLocation: sourceLocation)
    // The connection itself refuses heads that are too long, before anybody could know what they ask for.
    if !codes.isEmpty, ![414, 431].contains(answer.status) {
        #expect(codes.contains(answer.errorCode ?? "none"), "\(answer)", sourceLocation: sourceLocation)
        #expect(answer.errorMessage?.isEmpty == false, "\(answer)", sourceLocation: sourceLocation)
    }
}
