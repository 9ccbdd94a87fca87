// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// The body as a handler reads it: one reader, each byte once.
struct RequestBodyReader: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let exchange: Exchange

    struct AsyncIterator: AsyncIteratorProtocol {
        let exchange: Exchange

        mutating func next() async throws -> ByteBuffer? {
            try await exchange.nextBodyBytes()
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(exchange: exchange) }
}
