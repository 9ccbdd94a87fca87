// SPDX-License-Identifier: Apache-2.0
package import BlobStorage
package import HTTPTypes
package import HummingbirdCore
import NIOCore
package import OCI

/// Answers with a stored blob, or the piece of it that a `Range` asks for.
///
/// Over plain HTTP/1.1 a blob in a file leaves by sendfile(2); elsewhere it is read in bounded chunks, one ahead of
/// what the client has room for. A client that leaves early stops the reading and is no error. The reader is closed in the
/// end, whatever happens. One range is answered with 206, several with the whole (RFC 9110, section 14.2), none that
/// exists with 416; `If-Range` and `If-None-Match` are compared with the `ETag` among `headers`.
///
/// - Parameters:
///   - reader: Owned by the answer from here on.
///   - headers: What belongs to the blob: content type, digest, `ETag`. Length and ranges are set here.
///   - digest: What the whole must be. A blob that does not come from a file here is digested as it passes, and when it is
///     another one, its last piece is never sent and the connection is cut.
///   - onMismatch: Called then.
package func blobResponse(
    _ request: Request, _ context: HavenRequestContext, reader: any BlobReader, headers: HTTPFields,
    digest: Digest? = nil, onMismatch: @escaping @Sendable () async -> Void = {}
) async -> Response {
    var headers = headers
    headers[.acceptRanges] = "bytes"
    if let unchanged = notModified(request, headers) {
        await reader.close()
        return unchanged
    }
    let range = ByteRange(request.applicableRange(headers[.eTag]), size: reader.size)
    guard range != .unsatisfiable else {
        await reader.close()
        headers[.contentType] = nil
        headers[.contentRange] = "bytes */\(reader.size)"
        return Surface(path: request.uri.path).failure(
            .rangeNotSatisfiable, "the blob has \(reader.size) bytes; ask for a range within", headers: headers)
    }
    var bytes = 0..<reader.size
    if case .part(let part) = range {
        bytes = part
        headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(reader.size)"
    }
    headers[.contentLength] = "\(bytes.count)"
    let status: HTTPResponse.Status = range == .whole ? .ok : .partialContent
    if request.method == .head {
        await reader.close()
        return Response(status: status, headers: headers)
    }
    let isWhole = bytes == 0..<reader.size && reader.descriptor == nil
    let transfer = BlobTransfer(
        reader: reader, bytes: bytes, expected: isWhole ? digest : nil, onMismatch: onMismatch)
    return Response(status: status, headers: headers, body: ResponseBody(contentLength: bytes.count, transfer.write))
}

extension Request {
    /// The `Range` header when it applies: to GET and HEAD, and with `If-Range` only to the same bytes.
    fileprivate func applicableRange(_ tag: String?) -> String? {
        guard method == .get || method == .head, let range = headers[.range] else { return nil }
        guard let condition = headers[.ifRange] else { return range }
        guard let tag = tag.flatMap({ ETag(parsing: $0) }), tag.matches(ifRange: condition) else { return nil }
        return range
    }
}

/// Sends a stretch of a blob and closes its reader.
private struct BlobTransfer: Sendable {
    /// Bytes read at once where sendfile is not possible; half of what may wait for the client. As many are read ahead.
    static let chunk = 256 * 1024

    let reader: any BlobReader
    let bytes: Range<Int64>
    let expected: Digest?
    let onMismatch: @Sendable () async -> Void

    func write(_ writer: inout any ResponseBodyWriter) async throws {
        do {
            if let descriptor = reader.descriptor, let writer = writer as? AnswerWriter,
                await writer.exchange.sendsFiles
            {
                try await writer.exchange.sendFile(descriptor, bytes)
            } else {
                try await copy(&writer)
            }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
        try await writer.finish(nil)
    }

    /// While one piece goes to the client, the next one comes from the store.
    private func copy(_ writer: inout any ResponseBodyWriter) async throws {
        var hasher = expected.map { DigestHasher($0.algorithm) }
        var offset = bytes.lowerBound
        var chunk = try await piece(at: offset)
        while chunk.readableBytes > 0 {
            let end = offset + Int64(chunk.readableBytes)
            async let following = piece(at: end)
            chunk.withUnsafeReadableBytes { hasher?.update($0) }
            // The last piece only when all of them are right, so that no client takes a wrong blob for complete.
            if end == bytes.upperBound, let hasher, hasher.finish() != expected {
                await onMismatch()
                throw AnswerFault.wrongContent
            }
            try await writer.write(chunk)
            (offset, chunk) = (end, try await following)
        }
    }

    /// The next bytes; none at the end.
    private func piece(at offset: Int64) async throws -> ByteBuffer {
        guard offset < bytes.upperBound else { return ByteBuffer() }
        let chunk = try await reader.readSome(at: offset, upTo: min(Self.chunk, Int(bytes.upperBound - offset)))
        guard chunk.readableBytes > 0 else { throw AnswerFault.wrongLength }
        return chunk
    }
}
