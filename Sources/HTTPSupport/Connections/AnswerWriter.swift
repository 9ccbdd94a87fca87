// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Writes the body of an answer: waits while the client is behind, and throws ``ClientGone`` when it has left.
struct AnswerWriter: ResponseBodyWriter, Sendable {
    let exchange: Exchange

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await exchange.writeBody(buffer)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await exchange.finishAnswer()
    }
}

/// The client closed the connection before it had the whole answer, which is its right.
struct ClientGone: Error {}
