// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix

/// A TCP connection that carries exactly the bytes a test writes: for requests no decent client would send.
///
///     let answer = try await RawConnection.exchange(port: haven.httpPort, "GET /v2/../ HTTP/1.1\r\nHost: x\r\n\r\n")
package enum RawConnection {
    /// Sends `request` and reads one answer.
    ///
    /// - Parameters:
    ///   - closingAfter: Shuts the sending side once the bytes are out, as a client that gave up does.
    ///   - limit: How long to wait for the answer.
    /// - Returns: The answer, or nil when the server closed the connection without one.
    package static func exchange(
        port: Int, _ request: [UInt8], closingAfter: Bool = false, limit: Duration = .seconds(30)
    ) async throws -> Answer? {
        let bytes = try await withDeadline(limit) {
            try await conversation(port: port, request, closingAfter: closingAfter)
        }
        guard let bytes else { throw ToolFailure(what: "no answer and no end of connection after \(limit)") }
        return RawAnswer(bytes, toHead: request.starts(with: Array("HEAD ".utf8)))?.answer
    }

    package static func exchange(
        port: Int, _ request: String, closingAfter: Bool = false, limit: Duration = .seconds(30)
    ) async throws -> Answer? {
        try await exchange(port: port, Array(request.utf8), closingAfter: closingAfter, limit: limit)
    }

    /// Sends `first`, waits until the server said `mark`, sends `second` and reads the answer.
    ///
    /// - Returns: The final answer; nil when the connection closed before `mark` or without an answer.
    package static func dialogue(
        port: Int, sending first: [UInt8], untilReceived mark: String, thenSending second: [UInt8],
        limit: Duration = .seconds(30)
    ) async throws -> Answer? {
        let bytes = try await withDeadline(limit) {
            try await conversation(port: port, first, after: (mark, second))
        }
        guard let bytes else { throw ToolFailure(what: "no \(mark) and no answer after \(limit)") }
        guard String(decoding: bytes, as: UTF8.self).contains(mark) else { return nil }
        return RawAnswer(bytes)?.answer
    }

    private static func conversation(
        port: Int, _ request: [UInt8], closingAfter: Bool = false, after: (mark: String, bytes: [UInt8])? = nil
    ) async throws -> [UInt8] {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            // The server may answer and close before it read everything: then its answer counts, not our write.
            try? await outbound.write(ByteBuffer(bytes: request))
            if closingAfter { outbound.finish() }
            let toHead = request.starts(with: Array("HEAD ".utf8))
            var received: [UInt8] = []
            var waiting = after
            do {
                for try await piece in inbound {
                    received += piece.readableBytesView
                    if let next = waiting, String(decoding: received, as: UTF8.self).contains(next.mark) {
                        waiting = nil
                        try? await outbound.write(ByteBuffer(bytes: next.bytes))
                    }
                    if RawAnswer(received, toHead: toHead)?.isComplete == true { break }
                }
            } catch {
                // A reset ends the conversation like a close: what came before it is the answer.
            }
            return received
        }
    }
}

/// The bytes of an answer, as far as they came.
private struct RawAnswer {
    let answer: Answer
    let isComplete: Bool

    /// - Parameter toHead: Whether the request was a HEAD, whose answer has no body whatever its length says.
    init?(_ bytes: [UInt8], toHead: Bool = false) {
        var rest = bytes[...]
        // Interim answers (100 Continue) come before the one that counts.
        while let head = RawAnswer.head(of: rest) {
            rest = rest[(head.end)...]
            if head.status >= 200 {
                let announced = head.headers.first { $0.0.lowercased() == "content-length" }.flatMap { Int($0.1) } ?? 0
                let length = toHead ? 0 : announced
                answer = Answer(status: head.status, headers: head.headers, body: Array(rest.prefix(length)))
                isComplete = rest.count >= length
                return
            }
        }
        return nil
    }

    private static func head(
        of bytes: ArraySlice<UInt8>
    ) -> (status: Int, headers: [(String, String)], end: Int)? {
        let blank: [UInt8] = [13, 10, 13, 10]
        guard let end = bytes.indices.dropLast(3).first(where: { bytes[$0..<($0 + 4)].elementsEqual(blank) }) else {
            return nil
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        let headers = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (String(line[..<colon]), String(value))
        }
        return (status, headers, end + 4)
    }
}
