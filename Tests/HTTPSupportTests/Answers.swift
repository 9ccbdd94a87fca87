// SPDX-License-Identifier: Apache-2.0

/// Takes answers with a `Content-Length` off a stream of bytes.
struct Answers {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func next(isHead: Bool = false) throws -> (head: String, body: [UInt8]) {
        guard let end = rest.firstRange(of: [13, 10, 13, 10]) else { throw TimedOut(what: "no answer here") }
        let head = String(decoding: rest[..<end.upperBound], as: UTF8.self)
        rest = rest[end.upperBound...]
        let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length: ") }
            .flatMap { Int($0.split(separator: " ")[1]) }
        let count = isHead || head.contains(" 100 ") ? 0 : length ?? 0
        guard rest.count >= count else { throw TimedOut(what: "the body is short") }
        defer { rest = rest.dropFirst(count) }
        return (head, Array(rest.prefix(count)))
    }
}

extension RawClient {
    /// The head and the rest of everything received.
    var split: (head: String, body: [UInt8]) {
        let bytes = bytes
        guard let end = bytes.firstRange(of: [13, 10, 13, 10]) else { return (text, []) }
        return (String(decoding: bytes[..<end.upperBound], as: UTF8.self), Array(bytes[end.upperBound...]))
    }
}
