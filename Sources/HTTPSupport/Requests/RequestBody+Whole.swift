// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
package import HummingbirdCore
package import NIOCore

extension Request {
    /// Reads the whole body into memory: for manifests, JSON and forms.
    ///
    /// - Parameter limit: In bytes. A body announced to be longer is refused before a byte of it is asked for.
    /// - Throws: ``RequestFault/bodyTooLarge(limit:)``; and what befalls the connection.
    package func wholeBody(upTo limit: Int) async throws -> ByteBuffer {
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw RequestFault.bodyTooLarge(limit: limit)
        }
        var whole: ByteBuffer?
        for try await chunk in body {
            guard (whole?.readableBytes ?? 0) + chunk.readableBytes <= limit else {
                throw RequestFault.bodyTooLarge(limit: limit)
            }
            if whole == nil { whole = chunk } else { whole?.writeImmutableBuffer(chunk) }
        }
        return whole ?? ByteBuffer()
    }
}
