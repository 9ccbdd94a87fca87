// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
package import NIOCore
package import NIOHTTP1

/// A whole request to a ``DoubleServer``.
package struct DoubleRequest: Sendable {
    /// What a request asked for, without its content.
    package struct Line: Sendable, Hashable {
        package let method: String
        /// The path with its query, as it was sent.
        package let target: String
    }

    package let line: Line
    package let headers: HTTPHeaders
    package let body: ByteBuffer
    /// The path as it was sent.
    package let rawPath: String
    /// The query's names and values, decoded, in order.
    package let query: [(name: String, value: String)]

    package var method: String { line.method }
    /// The path, decoded.
    package var path: String { Percent.decoded(rawPath) }

    init(_ head: HTTPRequestHead, _ body: ByteBuffer) {
        line = Line(method: head.method.rawValue, target: head.uri)
        headers = head.headers
        self.body = body
        let pieces = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        rawPath = String(pieces[0])
        query = (pieces.count > 1 ? pieces[1] : "").split(separator: "&").map { item in
            let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Percent.decoded(sides[0]), sides.count > 1 ? Percent.decoded(sides[1]) : "")
        }
    }

    /// The first value of a query item; nil when it is not there.
    package func item(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The first value of a header field; empty when it is not there.
    package func header(_ name: String) -> String { headers.first(name: name) ?? "" }

    /// Headers whose names begin with `prefix`: names in lower case, values trimmed, sorted by name.
    package func headers(beginning prefix: String) -> [(name: String, value: String)] {
        headers.map { ($0.name.lowercased(), $0.value.trimmingSpaces) }.filter { $0.0.hasPrefix(prefix) }
            .sorted { $0.0 < $1.0 }
    }

    /// The body as text.
    package var text: String { String(buffer: body) }
}

/// A whole answer of a ``DoubleServer``.
package struct DoubleAnswer: Sendable {
    package var status: Int
    package var headers: [(String, String)]
    package var body: ByteBuffer

    package init(_ status: Int, _ headers: [(String, String)] = [], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The part of `content` that a Range field asks for: all of it with 200, or a part with 206; nil for a range that
    /// begins behind the end.
    ///
    /// - Parameter range: `bytes=a-b` or `bytes=a-`; anything else is as if there were none.
    package static func range(
        _ range: String, of content: ByteBuffer, _ headers: [(String, String)]
    ) -> DoubleAnswer? {
        let size = content.readableBytes
        let edges = range.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard range.hasPrefix("bytes="), edges.count == 2, let first = Int(edges[0]) else {
            return DoubleAnswer(200, headers, body: content)
        }
        guard first < size else { return nil }
        let last = min(Int(edges[1]) ?? size - 1, size - 1)
        let part = content.getSlice(at: content.readerIndex + first, length: last - first + 1) ?? ByteBuffer()
        return DoubleAnswer(206, headers + [("Content-Range", "bytes \(first)-\(last)/\(size)")], body: part)
    }
}

extension ByteBuffer {
    /// The MD5 of the readable bytes.
    var md5: Data { withUnsafeReadableBytes { Data(Insecure.MD5.hash(data: $0)) } }
}

extension StringProtocol {
    /// The text without spaces at both ends.
    package var trimmingSpaces: String {
        var rest = self[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
