// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// A proxy in front of an object store that makes it answer 503, answer late, break off in the middle, or lie.
///
///     let proxy = try StoreProxy(to: "127.0.0.1:8080")
///     // the nodes are told proxy.host
///     proxy.set(.unavailable(percent: 10))
///     proxy.close()
///
/// It understands HTTP/1.1 as far as clients go that send lengths and wait for each answer.
package final class StoreProxy: Sendable {
    /// What happens to requests that come from now on.
    package enum Fault: Sendable, Equatable {
        case pass
        /// So many of a hundred requests are answered with 503 and do not reach the store.
        case unavailable(percent: Int)
        /// Each request waits so long before it goes on.
        case slow(Duration)
        /// No request goes on, and none is answered.
        case silent
        /// Each answer of more bytes ends after so many, and its connection with it.
        case truncated(after: Int)
        /// In each answer of more bytes, this one is another.
        case corrupt(at: Int)
    }

    /// `127.0.0.1:port`, where nodes are to look for the store.
    package var host: String { "127.0.0.1:\(port)" }

    private let port: Int
    private let target: Int
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var fault = Fault.pass
        var struck = 0
        var isClosed = false
        var links: [ObjectIdentifier: FaultProxyLink] = [:]
    }

    /// Listens on a free port and connects to the store, `127.0.0.1:port`, for each client.
    package init(to store: String) throws {
        guard let target = store.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw ToolFailure(what: "\(store) is no address")
        }
        self.target = target
        (listener, port) = try LoopbackSocket.listen()
        let thread = Thread { [weak self, listener] in
            while let client = LoopbackSocket.accept(listener) {
                guard let self else { return LoopbackSocket.end(client) }
                self.serve(client)
            }
        }
        thread.name = "store-proxy"
        thread.start()
    }

    deinit { close() }

    /// Changes what happens from now on.
    package func set(_ fault: Fault) { state.withLock { $0.fault = fault } }

    /// How many requests or answers were spoilt so far.
    package var struck: Int { state.withLock { $0.struck } }

    /// Stops listening and ends every connection.
    package func close() {
        let (isFirst, links) = state.withLock { state in
            defer { state.isClosed = true }
            return (!state.isClosed, Array(state.links.values))
        }
        // The thread that accepts closes the socket.
        if isFirst { shutdown(listener, Int32(SHUT_RDWR)) }
        for link in links { link.cut() }
    }

    private var fault: Fault { state.withLock { $0.fault } }

    private func strike() { state.withLock { $0.struck += 1 } }

    private func serve(_ client: Int32) {
        guard let server = LoopbackSocket.connect(to: target) else { return LoopbackSocket.end(client) }
        let link = FaultProxyLink(client: client, server: server)
        state.withLock { $0.links[ObjectIdentifier(link)] = link }
        for direction in [FaultProxy.Direction.toServer, .toClient] {
            let thread = Thread { [weak self] in
                if direction == .toServer { self?.carryRequests(link) } else { self?.carryAnswers(link) }
                link.cut()
                if link.finish() { _ = self?.state.withLock { $0.links.removeValue(forKey: ObjectIdentifier(link)) } }
            }
            thread.name = "store-proxy.pump"
            thread.start()
        }
    }

    private func carryRequests(_ link: FaultProxyLink) {
        while let request = ProxiedRequest(readingFrom: link) {
            switch fault {
            case .unavailable(let percent) where Int.random(in: 0..<100) < percent:
                strike()
                let answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
                guard request.passBody(of: link, { _ in true }), link.write(Array(answer.utf8), .toClient) else {
                    return
                }
                continue
            case .silent:
                strike()
                _ = request.passBody(of: link) { _ in true }
                continue
            case .slow(let pause):
                strike()
                Thread.sleep(forTimeInterval: pause / .seconds(1))
            case .pass, .unavailable, .truncated, .corrupt: break
            }
            guard link.write(request.bytes, .toServer), request.passBody(of: link, { link.write($0, .toServer) }) else {
                return
            }
        }
    }

    private func carryAnswers(_ link: FaultProxyLink) {
        var carried = 0
        while var piece = link.read(.toClient) {
            // No body of a test begins like an answer.
            if piece.starts(with: Array("HTTP/1.".utf8)) { carried = 0 }
            let before = carried
            carried += piece.count
            switch fault {
            case .truncated(let limit) where carried > limit:
                strike()
                _ = link.write(Array(piece.prefix(max(limit - before, 0))), .toClient)
                return
            case .corrupt(let place) where before <= place && place < carried:
                strike()
                piece[place - before] ^= 1
            default: break
            }
            guard link.write(piece, .toClient) else { return }
        }
    }
}

/// The head of a request and the bytes that came with it.
private struct ProxiedRequest {
    let bytes: [UInt8]
    /// How many bytes of the body are still to come.
    private let rest: Int

    /// Waits for the next request; nil when the client left.
    init?(readingFrom link: FaultProxyLink) {
        var read: [UInt8] = []
        while true {
            guard let piece = link.read(.toServer) else { return nil }
            read += piece
            guard let end = read.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { continue }
            bytes = read
            rest = Self.bodyLength(read[..<end]) - (read.count - end)
            return
        }
    }

    /// Reads the rest of the body and hands it on, piece by piece.
    ///
    /// - Returns: Whether all of it came and was taken.
    func passBody(of link: FaultProxyLink, _ take: ([UInt8]) -> Bool) -> Bool {
        var rest = rest
        while rest > 0 {
            guard let piece = link.read(.toServer), take(piece) else { return false }
            rest -= piece.count
        }
        return true
    }

    private static func bodyLength(_ head: ArraySlice<UInt8>) -> Int {
        for line in String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let sides = line.split(separator: ":", maxSplits: 1)
            if sides.count == 2, sides[0].lowercased() == "content-length" {
                return Int(sides[1].trimmingCharacters(in: .whitespaces)) ?? 0
            }
        }
        return 0
    }
}
