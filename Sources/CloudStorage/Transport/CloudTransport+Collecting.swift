// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension CloudTransport {
    /// How often an answer is asked for again whose body broke off.
    private static let collections = 3

    /// Sends a request and reads the whole answer, and sends it again when the answer breaks off: like every request of a
    /// driver, it may be sent twice.
    ///
    /// - Parameters: As those of ``send(_:wanted:_:)``.
    /// - Returns: The answer's head and its body.
    package func collect(
        _ what: String, wanted: Set<Int>, _ prepare: () async throws(CloudFailure) -> CloudRequest
    ) async throws(CloudFailure) -> (head: CloudAnswer, body: [UInt8]) {
        var tries = 0
        while true {
            tries += 1
            let answer = try await send(what, wanted: wanted, prepare)
            do throws(CloudFailure) { return (answer, Array(buffer: try await answer.collect())) } catch {
                guard tries < Self.collections, !Task.isCancelled else { throw error }
            }
        }
    }
}
