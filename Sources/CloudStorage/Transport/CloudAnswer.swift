// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
package import NIOCore
import NIOHTTP1

/// The head of a store's answer, and its body as it comes.
package struct CloudAnswer: Sendable {
    package let status: Int
    private let headers: HTTPHeaders
    private let body: HTTPClientResponse.Body

    init(_ response: HTTPClientResponse) {
        status = Int(response.status.code)
        headers = response.headers
        body = response.body
    }

    /// The first value of a header, by its name in any case.
    package func header(_ name: String) -> String? { headers.first(name: name) }

    /// The length the answer announces, in bytes.
    package var contentLength: Int64? { header("content-length").flatMap { Int64($0) } }

    /// Reads the whole body into memory.
    package func collect(upTo limit: Int = 16 << 20) async throws(CloudFailure) -> ByteBuffer {
        do { return try await body.collect(upTo: limit) } catch { throw .unanswered("the answer broke off: \(error)") }
    }

    /// Reads a body nobody needs, so that the connection can be used again.
    package func discard() async {
        var left = 64 << 10
        do {
            for try await piece in body {
                left -= piece.readableBytes
                if left < 0 { return }
            }
        } catch {
            // The connection is gone; nothing was wanted of it.
        }
    }

    package func stream() -> CloudStream { CloudStream(body.makeAsyncIterator()) }
}

/// The body of an answer, taken piece by piece; the store is asked for more only when a piece was taken.
///
/// `@unchecked Sendable`: a stream moves between tasks and is read by one at a time, which its owner, ``CloudBlobReader``,
/// sees to by taking it out of its state for each read.
package final class CloudStream: @unchecked Sendable {
    private var iterator: HTTPClientResponse.Body.AsyncIterator

    init(_ iterator: HTTPClientResponse.Body.AsyncIterator) { self.iterator = iterator }

    /// The next piece, nil at the end of the body.
    package func next() async throws(CloudFailure) -> ByteBuffer? {
        do { return try await iterator.next() } catch { throw .unanswered("the answer broke off: \(error)") }
    }
}
